"""What is known of calls without running them: whom they change, and whose parts their result may hold.

What is not known here is taken to change everything that it can reach, as a slice that leaves out a line is wrong and
one with a line too many is only longer. The tables name the common libraries' habits, by package and by method.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

# Packages whose functions leave their arguments as they are, but for those in _CHANGERS.
_CAREFUL = set(
    "sklearn pandas numpy scipy math statistics itertools functools collections re json pathlib os sys datetime "
    "time typing matplotlib seaborn plotly xgboost lightgbm catboost statsmodels jtrack mlflow IPython random "
    "string copy builtins imblearn polars pyarrow keras tensorflow joblib pickle csv io glob shutil warnings "
    "logging hashlib textwrap yaml dataclasses enum abc operator decimal fractions uuid urllib requests tqdm "
    "category_encoders".split()
)
# … and whose results hold nothing of their arguments, but for classes, which keep what they are given.
_FRESH = {
    "sklearn",
    "pandas",
    "math",
    "statistics",
    "json",
    "time",
    "datetime",
    "re",
    "random",
    "os",
    "string",
    "polars",
}
_CHANGERS = set(
    "shuffle copyto put place putmask fill_diagonal heappush heappop heapify heapreplace heappushpop insort "
    "insort_left insort_right setitem delitem iadd isub imul iconcat setattr delattr next exec eval vars globals "
    "locals".split()
)
_NUMPY_VIEWS = set(
    "asarray asanyarray ascontiguousarray asfortranarray ravel reshape squeeze transpose atleast_1d atleast_2d "
    "atleast_3d broadcast_to broadcast_arrays split array_split hsplit vsplit expand_dims swapaxes moveaxis "
    "diagonal real imag flip rot90 fliplr flipud nditer vectorize frompyfunc".split()
)
_BUILTINS = {name for name in vars(builtins) if not name.startswith("_")}
_FRESH_BUILTINS = set(
    "abs all any ascii bin bool bytes callable chr complex divmod float format hash hex id input int isinstance "
    "issubclass len oct ord pow print range repr round str sum type open display".split()
)
# Methods that change nothing, whoever has them, as long as nobody in the notebook wrote them.
_READERS = set(
    "head tail describe info copy mean sum std var min max median mode quantile drop dropna fillna groupby merge "
    "join assign astype map apply query sort_values sort_index reset_index set_index rename value_counts unique "
    "nunique isna isnull notna notnull to_numpy to_list tolist to_dict to_frame items keys values get index count "
    "split strip lstrip rstrip lower upper title format replace startswith endswith encode decode zfill predict "
    "predict_proba predict_log_proba decision_function score transform inverse_transform get_params "
    "get_feature_names_out score_samples kneighbors agg aggregate pivot pivot_table melt stack unstack corr cov "
    "sample nlargest nsmallest select_dtypes isin between clip round abs cumsum cumprod diff shift rolling "
    "resample reindex filter where mask dot reshape ravel flatten squeeze transpose argmax argmin argsort any all "
    "item numpy detach cpu show savefig to_csv to_parquet to_json to_string to_html to_markdown evals_result "
    "get_booster get_score memory_usage duplicated drop_duplicates add_prefix add_suffix explode nonzero "
    "intersection union difference exists read_text is_file is_dir glob with_suffix joinpath day_name strftime "
    "isoformat total_seconds named_steps plot hist boxplot bar barh line area scatter corrwith pct_change kurt skew "
    "sem cummax cummin expanding ewm idxmax idxmin iterrows itertuples ffill bfill interpolate rank equals compare "
    "eq ne lt le gt ge sub mul div floordiv crosstab asfreq tz_localize tz_convert to_period first_valid_index "
    "last_valid_index xs dtypes to_excel to_pickle".split()
)
_VIEWS = set(
    "get items values keys transpose reshape ravel squeeze detach cpu numpy to_numpy groupby rolling resample".split()
)
# Methods that change their object and leave what they are given: what they are given may become a part of it.
_KEEPERS = set("append extend add update insert setdefault appendleft extendleft push register __setitem__".split())
_FITTERS = set(
    "fit fit_transform fit_predict partial_fit set_params train pop remove clear sort reverse discard".split()
)
_STATE_SETTERS = set(
    "seed manual_seed manual_seed_all set_seed seed_everything set_random_seed setdefault setenv putenv chdir use "
    "filterwarnings simplefilter set_config set_option set_default_dtype set_default_device set_num_threads "
    "use_deterministic_algorithms enable_eager_execution append insert extend update basicConfig register".split()
)
_SEEDERS = {"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "set_random_seed"}
_QUIET_RANDOM = {"default_rng", "RandomState", "Generator", "Random", "SystemRandom", "PCG64", "SeedSequence"}
_DRAWERS = {"train_test_split", "sample", "shuffle", "resample", "permutation_importance", "cross_val_score"}
_LEARNERS = {"torch", "keras", "tensorflow", "lightning", "pytorch_lightning"}
_SEED_KEYWORDS = {"random_state", "seed", "generator", "rng"}
_CHANCE_WORDS = ("Random", "Forest", "Trees", "Tree", "Boost", "MLP", "SGD", "Means", "Bagging", "Shuffle", "Gibbs")


@dataclass(frozen=True, slots=True)
class CallEffect:
    """What a call may do to whom; ``holds_*`` say whose parts its result may hold."""

    changes_callee: bool = False
    changes_arguments: bool = False
    keeps_arguments: bool = False
    """The arguments may become parts of the object whose method it is."""
    holds_callee: bool = False
    holds_arguments: bool = False
    sets_state: bool = False
    """It sets something for the whole process: a seed, an option, the working folder."""
    draws: bool = False
    """It may take from the process's own source of chance."""


def effect_of_function(path: str, call: ast.Call) -> CallEffect:
    """Tell what calling an imported or builtin function does; ``path`` is its full dotted name."""
    package, name = path.partition(".")[0], path.rpartition(".")[2]
    is_state = name in _STATE_SETTERS and "." in path
    draws = _draws(path, call)
    if package == "builtins":
        return _effect_of_builtin(name)
    if name in _CHANGERS or _has_keyword(call, "out"):
        return CallEffect(changes_arguments=True, holds_arguments=True, draws=draws)
    if name[:1].isupper() or name == "partial":
        return CallEffect(holds_arguments=True, draws=draws)
    if package not in _CAREFUL:
        return CallEffect(True, True, False, True, True, is_state, draws)
    is_fresh = package in _FRESH or (package == "numpy" and name not in _NUMPY_VIEWS)
    holds = not is_fresh or (package == "sklearn" and name.startswith("make_"))
    return CallEffect(holds_arguments=holds, sets_state=is_state, draws=draws)


def effect_of_method(name: str, call: ast.Call, maker: str | None, *, is_own: bool) -> CallEffect:
    """Tell what calling a method does.

    Parameters
    ----------
    maker
        The full name of what made the object, where it was imported; ``None`` where that isn't known.
    is_own
        The notebook's own code has a part in the object: its methods may do anything.
    """
    made_by_known = maker is not None and maker.partition(".")[0] in _CAREFUL
    draws = _method_draws(name, call, maker)
    if is_own and not (made_by_known and name in _READERS):
        return CallEffect(True, True, True, True, True, draws=draws)
    if name in _READERS and not _is_true(call, "inplace") and not _has_keyword(call, "out"):
        return CallEffect(holds_callee=name in _VIEWS, draws=draws)
    if name in _KEEPERS:
        return CallEffect(changes_callee=True, keeps_arguments=True, holds_callee=True, holds_arguments=True)
    if name in _FITTERS:
        # A trainer that fits changes the model it is given; an estimator leaves its data as they are.
        changes = not made_by_known and name in {"fit", "train"} and _is_foreign(maker)
        return CallEffect(True, changes, False, True, changes, draws=draws)
    return CallEffect(True, not made_by_known, True, True, not made_by_known, draws=draws)


def effect_of_value(call: ast.Call) -> CallEffect:
    """Tell what calling a value of which nothing is known does: everything."""
    return CallEffect(True, True, True, True, True, draws=not _has_seed(call))


def is_seeder(path: str) -> bool:
    """Say whether a function, by its full name, sets the seed of a process-wide source of chance."""
    return path.rpartition(".")[2] in _SEEDERS


def is_builtin(name: str) -> bool:
    """Say whether Python, or IPython, has the name without anybody setting it."""
    return name in _BUILTINS or name in {"display", "get_ipython", "__name__", "__file__", "__doc__"}


def _effect_of_builtin(name: str) -> CallEffect:
    if name in _CHANGERS:
        return CallEffect(changes_arguments=True, holds_arguments=True)
    return CallEffect(holds_arguments=name not in _FRESH_BUILTINS)


def _is_foreign(maker: str | None) -> bool:
    return maker is None or maker.partition(".")[0] not in _CAREFUL


def _draws(path: str, call: ast.Call) -> bool:
    package, _, rest = path.partition(".")
    name = path.rpartition(".")[2]
    if is_seeder(path) or name in _QUIET_RANDOM or _has_seed(call):
        return False
    if package == "random" or (package == "numpy" and rest.startswith("random.")):
        return True
    return package in _LEARNERS or name in _DRAWERS


def _method_draws(name: str, call: ast.Call, maker: str | None) -> bool:
    if _has_seed(call) or maker is None:
        return False
    if maker.partition(".")[0] in _LEARNERS:
        return True
    if name in {"fit", "fit_transform", "fit_predict", "partial_fit", "split"}:
        return not maker.endswith("!") and any(word in maker for word in _CHANCE_WORDS)
    return name in {"sample", "shuffle"}


def seeded_maker(path: str, call: ast.Call) -> str:
    """Note who made an object; one that was given its own seed is marked, as it draws from no other."""
    return f"{path}!" if _has_seed(call) else path


def _has_seed(call: ast.Call) -> bool:
    return any(
        keyword.arg in _SEED_KEYWORDS and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
        for keyword in call.keywords
    )


def _has_keyword(call: ast.Call, name: str) -> bool:
    return any(keyword.arg == name for keyword in call.keywords)


def _is_true(call: ast.Call, name: str) -> bool:
    for keyword in call.keywords:
        if keyword.arg == name:
            return not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
    return False
