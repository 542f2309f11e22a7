"""The schema of a recipe: arms (how each model variant is made) x assessments x judges.

Contract: every model is frozen, refuses unknown keys and converts nothing silently (``"2"`` is not 2). The
schema describes shapes only; rules between fields are in ``_checks``, file and line are added by ``_load``.
"""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Text = Annotated[str, Field(min_length=1)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=48)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataSpec(_Model):
    """A slice of a named set: ``limit`` records (all without one) of ``split`` (all without one)."""

    set: Text
    split: Text | None = None
    limit: Count | None = None


class Arm(_Model):
    """How one model variant is made.

    Without ``method`` the arm is a model as it is (optionally with a ready adapter or patch); with ``method`` it is
    trained or edited from the model, once for each seed.

    Attributes:
        model: Model name instead of the recipe's.
        adapter: Folder of a ready adapter or patch, ``arm:NAME`` (what another arm made) or ``arm:NAME/part`` (a part
            of it: the supervised step of self_reflection is ``arm:NAME/sft``). With a steering method it is what is on
            the model while that is fitted, and stays on.
        method: Name of an alignment method, a weight edit or a steering method.
        data: Training data by role (``harmful``, ``benign``, ... as the method names them).
        options: Options of the method, plus ``benign_answers: self``, which has the untrained model answer
            the benign prompts itself first.
        curve: Arms of one curve (a swept setting) are joined by a line in the report, in this order.
    """

    model: Text | None = None
    adapter: Text | None = None
    method: Text | None = None
    data: dict[Label, DataSpec] = Field(default_factory=dict[str, DataSpec])
    options: dict[Text, JsonValue] = Field(default_factory=dict[str, JsonValue])
    curve: Text | None = None


class Assessment(_Model):
    """One task on one set, optionally under an attack.

    A list in ``params`` stands for one assessment per value (several lists: every combination); a value that
    is itself a list is written as a list in a list. ``arms`` names the arms that it is for; without it all are
    assessed.
    """

    task: Text
    set: Text
    split: Text | None = None
    limit: Count | None = None
    attack: Text | None = None
    params: dict[Label, JsonValue] = Field(default_factory=dict[str, JsonValue])
    arms: tuple[Text, ...] | None = None


class Generation(_Model):
    """How text is sampled, in assessments and self-generated answers; the seed comes from the stage."""

    max_new_tokens: Count = 48
    temperature: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0


class Judges(_Model):
    """Who answers the refusal question and the harm question, and who gives second opinions on them."""

    refusal: Text = "embedded-refusal"
    harm: Text = "embedded-harm"
    second: Text | None = None
    second_harm: Text | None = None


class Budget(_Model):
    """What the run should cost at most; a plan above it carries a warning."""

    minutes: Annotated[float, Field(gt=0.0)]


class Recipe(_Model):
    """A whole run: arms, assessments, judges. Build it with ``load_recipe``."""

    name: Label
    description: str = ""
    model: Text | None = None
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    arms: Annotated[dict[Label, Arm], Field(min_length=1)]
    assessments: tuple[Assessment, ...] = ()
    generation: Generation = Generation()
    judges: Judges = Judges()
    budget: Budget | None = None

    def model_of(self, arm: str) -> str:
        """Return the model name of an arm; ``_checks`` makes sure that there is one."""
        name = self.arms[arm].model or self.model
        if name is None:
            raise ValueError(f"arm {arm!r} has no model")
        return name


def slots(path: tuple[str | int, ...]) -> tuple[tuple[str, ...], bool]:
    """Return which keys the schema knows at ``path``, and whether free ones are welcome there.

    Fields of a model are known and nothing else is; ``options`` and ``params`` are open; maps whose keys the
    recipe names itself (arms, data roles) know nothing and are closed to keys that only an override has.
    """
    kind: Any = Recipe
    for part in path:
        kind = _member(kind, part)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(kind.model_fields), False
    values = get_args(kind)[-1] if get_origin(kind) is dict else None
    return (), not (isinstance(values, type) and issubclass(values, BaseModel))


def _member(kind: Any, part: str | int) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return _bare(field.annotation) if field is not None else None
    if get_origin(kind) is dict:
        return _bare(get_args(kind)[1])
    if get_origin(kind) is tuple:
        return _bare(get_args(kind)[0])
    return None


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = [a for a in get_args(annotation) if a is not type(None)]
        return _bare(members[0]) if len(members) == 1 else None
    return annotation
