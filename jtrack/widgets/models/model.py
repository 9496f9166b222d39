"""The registry's panel as a widget and a server both hold it: the frame, and what a click does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.registry import listing, versions
from jtrack.widgets.compare.frame import ComparedSource
from jtrack.widgets.models.frame import ModelsFrame, models_frame, read_difference


class ModelsModel:
    """What is behind the panel in any host; every click gives the frame as it is after it."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        models_frame(name)  # an unknown name is an error now, not a panel

    @property
    def frame(self) -> ModelsFrame:
        """The registry as it is now."""
        return models_frame(self._name)

    def refresh(self) -> None:
        """Do nothing: the frame is always read anew."""

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a page may ask; what changes the registry is named as such actions are."""
        return {
            "open": self.open,
            "difference": self.difference,
            "register": self.register,
            "promote": self.promote,
            "description": self.description,
            "describe": self.describe,
            "edit": self.edit,
        }

    def open(self, name: str | None = None) -> ModelsFrame:
        """Show a model's versions; without a name the list alone."""
        frame = models_frame(name)
        self._name = name
        return frame

    def difference(self, left: int, right: int) -> ComparedSource:
        """Read what changed in the code from one version to another, both by their numbers."""
        name = self._chosen()
        found = read_difference([listing.get_model_version(name, version) for version in (left, right)], 0, 1)
        if found is None:
            raise InvalidInputError("one of the versions was not made by a cell", "choose two that were")
        return found

    def register(self, model_uri: str, name: str) -> ModelsFrame:
        """Register a run's model, or a version's once more, and show the name that it got."""
        # A page names runs and versions alone: the folders of this machine are none of its business.
        uri = model_uri if model_uri.startswith(("runs:/", "models:/")) else f"runs:/{model_uri}"
        return self.open(versions.register_model(uri, name).name)

    def promote(
        self, version: int, alias: str | None = None, stage: str | None = None, archive_existing: bool = False
    ) -> ModelsFrame:
        """Put an alias on a version of the chosen model, or move it to a stage."""
        name = self._chosen()
        if alias:
            versions.set_registered_model_alias(name, alias, version)
        if stage:
            versions.transition_model_version_stage(name, version, stage, archive_existing)
        return self.frame

    def description(self, version: int | None = None) -> str:
        """Read the whole description of the chosen model, or of one of its versions, as it was written."""
        name = self._chosen()
        found = listing.get_registered_model(name) if version is None else listing.get_model_version(name, version)
        return found.description

    def describe(self, description: str, version: int | None = None) -> ModelsFrame:
        """Replace the description of the chosen model, or of one of its versions."""
        if version is None:
            versions.update_registered_model(self._chosen(), description)
        else:
            versions.update_model_version(self._chosen(), version, description)
        return self.frame

    def edit(self, alias: str) -> ModelsFrame:
        """Take an alias of the chosen model away."""
        versions.delete_registered_model_alias(self._chosen(), alias)
        return self.frame

    def _chosen(self) -> str:
        if self._name is None:
            raise InvalidInputError("no model is chosen")
        return self._name
