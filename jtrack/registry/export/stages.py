"""What an export says of its plan while it goes on: one line a stage."""

from __future__ import annotations

from collections.abc import Callable

from jtrack.registry.export.plan import Plan
from jtrack.registry.export.session import Session


def tell_plan(session: Session, plan: Plan, progress: Callable[[str], None]) -> None:
    """Tell what was found."""
    if plan.program is not None:
        n_all = sum(1 for cell in session.cells if cell.source.strip())
        labels = ", ".join(session.label_of(cell).removeprefix("cell ") for cell in plan.program.cells)
        progress(f"slice    {len(plan.program.cells)} of {n_all} executed cells make the model: {labels:.80}")
    own = [*plan.own.named, *plan.own.lambdas, *(module.name for module in plan.modules)]
    if own:
        progress(f"code     {', '.join(own)} come along as {plan.package}'s own")
    if plan.example is not None:
        progress(f"example  the first rows of {plan.example.origin}")
