"""Regions of a text that somebody marked, and the relations drawn between them, tied into quotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stance.document import Span
from stance.errors import LabelError

REPEATS = "repeats"


@dataclass(frozen=True, slots=True)
class Region:
    """One marked stretch.

    Attributes:
        id: Its name in the file.
        role: `content`, `cue` or `source`.
        span: Where it stands, in code points.
        given: What was said of it: `stance`, `kind`, `speaker`, `note`.
        kept: What a program laid by for the way back.
    """

    id: str
    role: str
    span: Span
    given: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """A line from one region to another; `label` is empty where nobody named it."""

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The regions of one quote, each role in text order; `repeats` is a content region of the quote that this one repeats."""

    content: tuple[Region, ...]
    cue: tuple[Region, ...]
    source: tuple[Region, ...]
    repeats: str | None

    def given(self, key: str, place: str) -> str | None:
        """What was said of the quote, on whichever piece of its content.

        Raises:
            LabelError: Two pieces say different things.
        """
        values = {region.given[key]: region for region in reversed(self.content) if key in region.given}
        if len(values) > 1:
            raise LabelError(f"{place}, region {self.content[0].id}", f"its pieces differ in {key}: {', '.join(map(repr, sorted(values)))}")
        return next(iter(values), None)

    @property
    def remarks(self) -> list[str]:
        """What people wrote beside its regions."""
        return [region.kept["remark"] for region in (*self.content, *self.cue, *self.source) if "remark" in region.kept]

    def kept(self, key: str) -> Any:
        """What was laid by with the quote, or None."""
        return next((region.kept[key] for region in self.content if key in region.kept), None)


def tie(regions: Iterable[Region], relations: Iterable[Relation], place: str) -> list[Group]:
    """Ties regions into quotes, in text order.

    Pieces of content are one quote where a relation joins them, or where they share a cue. A cue or source belongs to the content that it
    is tied to, by itself or through a cue or another source; several quotes may share a source. Content without relations is a quote
    of nobody.

    Args:
        regions: In any order.
        relations: In any order and, `repeats` apart, in either direction.
        place: For messages.

    Raises:
        LabelError: A relation leads nowhere, a cue or source is tied to no content, or a quote repeats two.
    """
    known = {region.id: region for region in regions}
    joined: dict[str, list[str]] = {name: [] for name in known}
    repeats: list[Relation] = []
    for relation in relations:
        for name in (relation.start, relation.end):
            if name not in known:
                raise LabelError(f"{place}, region {name}", "a relation leads to this region, which is not there")
        roles = {known[relation.start].role, known[relation.end].role}
        if relation.label == REPEATS and roles == {"content"}:
            repeats.append(relation)
        else:
            joined[relation.start].append(relation.end)
            joined[relation.end].append(relation.start)
    reached = [_gather(names, known, joined) for names in _contents(known, joined)]
    _adopt_cues(reached, known, joined, place)
    _check_all_tied(reached, known, place)
    groups = [_group(names, known, repeats, place) for names in reached]
    return sorted(groups, key=lambda group: (group.content[0].span, group.content[-1].span))


def in_kept_order(regions: Sequence[Region], names: Any) -> Sequence[Region]:
    """Regions in the order of a list of names, where these are all of theirs; else as they are."""
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(region.id for region in regions):
        return regions
    return sorted(regions, key=lambda region: names.index(region.id))


def _contents(known: Mapping[str, Region], joined: Mapping[str, list[str]]) -> Iterator[set[str]]:
    """Sets of content regions, each the content of one quote."""
    left = {name: None for name, region in known.items() if region.role == "content"}
    while left:
        found: set[str] = set()
        open_ = [next(iter(left))]
        while open_:
            name = open_.pop()
            if name in found:
                continue
            found.add(name)
            roles = {"content": ("content", "cue"), "cue": ("content",)}[known[name].role]
            open_ += [other for other in joined[name] if known[other].role in roles]
        contents = {name for name in found if known[name].role == "content"}
        for name in contents:
            del left[name]
        yield contents


def _gather(contents: set[str], known: Mapping[str, Region], joined: Mapping[str, list[str]]) -> set[str]:
    """A quote's contents, with the cues and sources that they lead to."""
    onward = {"content": ("cue", "source"), "cue": ("cue", "source"), "source": ("source",)}
    found, open_ = set(contents), list(contents)
    while open_:
        name = open_.pop()
        more = [other for other in joined[name] if known[other].role in onward[known[name].role] and other not in found]
        found.update(more)
        open_ += more
    return found


def _adopt_cues(reached: Sequence[set[str]], known: Mapping[str, Region], joined: Mapping[str, list[str]], place: str) -> None:
    """Gives a cue that is tied to a source alone to the one quote that has the source."""
    tied = set[str]().union(*reached)
    for name, region in known.items():
        if region.role != "cue" or name in tied:
            continue
        owners = [names for names in reached if names.intersection(joined[name])]
        if len(owners) > 1:
            raise LabelError(f"{place}, region {name}", "this cue is tied to a source that several quotes share; tie it to its content")
        for names in owners:
            names.add(name)


def _check_all_tied(reached: Sequence[set[str]], known: Mapping[str, Region], place: str) -> None:
    tied = set[str]().union(*reached)
    for name, region in known.items():
        if name not in tied:
            raise LabelError(f"{place}, region {name}", f"this {region.role} is tied to no content; draw a relation from its content")


def _group(names: set[str], known: Mapping[str, Region], repeats: Sequence[Relation], place: str) -> Group:
    held = sorted((known[name] for name in names), key=lambda region: (region.span, region.id))
    content, cue, source = (tuple(region for region in held if region.role == role) for role in ("content", "cue", "source"))
    targets = {relation.end for relation in repeats if relation.start in names}
    if len(targets) > 1:
        raise LabelError(f"{place}, region {content[0].id}", f"this quote repeats several: {', '.join(sorted(targets))}")
    return Group(content, cue, source, next(iter(targets), None))
