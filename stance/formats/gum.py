"""Reads GUM's coreference: entity mentions and speakers from CoNLL-U with CorefUD's `Entity=` brackets.

The corpus' folder holds `dep/<document>.conllu` and, beside it, `splits.md`. Empty nodes, which no text shows, are passed over.
Zeldes (2017), "The GUM Corpus", Language Resources and Evaluation 51(3), 581–612.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from stance.document import Span
from stance.errors import CorpusError

_TAG = re.compile(r"\((?P<opened>[^()]+)(?P<alone>\)?)|(?P<closed>[^()]+)\)")
_PART = re.compile(r"(?P<entity>.+)\[(?P<number>\d+)/(?P<total>\d+)\]")
_SPLIT, _SPLIT_ITEM = re.compile(r"##\s+(\w+)\s*"), re.compile(r"\s*\*\s+(\S+)\s*")
_COLUMNS = 10

Lines = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a document mentions an entity.

    Attributes:
        span: From the mention's first word to its last.
        entity: The entity's id; mentions of one entity in one document share it.
        type: What the entity is: `person`, `organization`, `place`, ….
        head: The words that carry the mention (the whole of a name), or None where the corpus does not say.
        identity: Title of the entity's Wikipedia article, or None.
        pieces: The stretches that the mention covers; one, which equals `span`, unless something interrupts it.
    """

    span: Span
    entity: str
    type: str
    head: str | None = None
    identity: str | None = None
    pieces: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document.

    Attributes:
        span: Where it stands.
        speaker: Who speaks it, as the corpus names them, or None.
    """

    span: Span
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Coreference:
    """A document and what it mentions.

    Attributes:
        id: As in `GUM_news_afghan`.
        genre: The second part of the id.
        text: Rebuilt from the tokens: sentences joined by a space, paragraphs by a blank line.
        mentions: In text order, an outer one before those that it begins with.
        sentences: In text order.
    """

    id: str
    genre: str
    text: str
    mentions: tuple[Mention, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    place: str
    form: str
    span: Span
    tags: str


@dataclass(frozen=True, slots=True)
class _Token:
    form: str
    spaced: bool
    parts: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class _Parsed:
    place: str
    comments: Mapping[str, str]
    text: str
    words: tuple[_Word, ...]


@dataclass(frozen=True, slots=True)
class _Bracket:
    place: str
    attributes: Mapping[str, str]
    name: str
    first: int
    last: int


def read(folder: Path | str, genres: Sequence[str] | None = None) -> Iterator[Coreference]:
    """Reads the documents in order of their file names.

    Args:
        folder: The corpus' folder, or its `dep`.
        genres: Only documents of these genres, as `["news", "interview"]`; all when left out.

    Raises:
        CorpusError: There are no files, a genre has no document, or a file breaks the format; file and line are named.
    """
    folder = Path(folder)
    files = sorted((folder / "dep").glob("*.conllu")) or sorted(folder.glob("*.conllu"))
    if not files:
        raise CorpusError(f"{folder}: not GUM's folder: no `.conllu` files in it or in its `dep`")
    missing = set(genres or ())
    for path in files:
        for document in read_file(path):
            missing.discard(document.genre)
            if genres is None or document.genre in genres:
                yield document
    if missing:
        raise CorpusError(f"{folder}: no document of genre {', '.join(sorted(missing))}")


def read_splits(folder: Path | str) -> dict[str, tuple[str, ...]]:
    """Reads the standard split: ids by the name of their part. It lists documents that a copy of the corpus may leave out.

    Args:
        folder: The corpus' folder, or its `dep`.

    Raises:
        CorpusError: There is no `splits.md`, or it lists nothing.
    """
    folder = Path(folder)
    path = next((place for place in (folder / "splits.md", folder.parent / "splits.md") if place.is_file()), None)
    if path is None:
        raise CorpusError(f"{folder}: no `splits.md` in it or beside it")
    splits: dict[str, list[str]] = {}
    held: list[str] | None = None
    for _, line in _read_lines(path):
        if heading := _SPLIT.fullmatch(line):
            held = splits.setdefault(heading[1], [])
        elif held is not None and (item := _SPLIT_ITEM.fullmatch(line)):
            held.append(item[1])
    if not any(splits.values()):
        raise CorpusError(f"{path}: no headings with lists of ids below them")
    return {name: tuple(ids) for name, ids in splits.items()}


def read_file(path: Path) -> Iterator[Coreference]:
    """Reads the documents of one CoNLL-U file.

    Raises:
        CorpusError: The file breaks the format; file and line are named.
    """
    fields: list[str] = []
    document: list[_Parsed] = []
    for block in _blocks(_read_lines(path)):
        sentence = _parse_sentence(path, block)
        if "newdoc id" in sentence.comments and document:
            yield _build(document, fields)
            document = []
        if not document and "newdoc id" not in sentence.comments:
            raise CorpusError(f"{sentence.place}: a sentence before any `# newdoc id`")
        if "global.Entity" in sentence.comments:
            fields = sentence.comments["global.Entity"].split("-")
        if "etype" not in fields[1:]:
            raise CorpusError(f"{sentence.place}: no `# global.Entity` with an id and `etype` before this sentence")
        document.append(sentence)
    if not document:
        raise CorpusError(f"{path}:1: no sentences")
    yield _build(document, fields)


def _read_lines(path: Path) -> list[tuple[int, str]]:
    try:
        return [(number, line.rstrip("\r")) for number, line in enumerate(path.read_bytes().decode().split("\n"), 1)]
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8: {error}") from None


def _blocks(lines: Lines) -> Iterator[Lines]:
    block: list[tuple[int, str]] = []
    for number, line in [*lines, (0, "")]:
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def _parse_sentence(path: Path, block: Lines) -> _Parsed:
    comments: dict[str, str] = {}
    rows: list[tuple[str, list[str]]] = []
    for number, line in block:
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            comments[key.strip()] = value.strip()
            continue
        columns = line.split("\t")
        if len(columns) != _COLUMNS:
            raise CorpusError(f"{path}:{number}: {len(columns)} columns, not {_COLUMNS}")
        rows.append((f"{path}:{number}", columns))
    place = f"{path}:{block[0][0]}"
    text, words = _join_tokens(place, rows)
    if "text" in comments and comments["text"] != text:
        raise CorpusError(f"{place}: the tokens make {text!r}, `# text` says {comments['text']!r}")
    return _Parsed(place, comments, text, words)


def _join_tokens(sentence: str, rows: Sequence[tuple[str, list[str]]]) -> tuple[str, tuple[_Word, ...]]:
    text = gap = ""
    words: list[_Word] = []
    for token in _tokens(rows):
        text += gap + token.form
        gap = " " if token.spaced else ""
        at = start = len(text) - len(token.form)
        separable = "".join(form for _, form, _ in token.parts) == token.form  # the parts of *won't* as *will* and *not* share its letters
        for place, part, tags in token.parts:
            form = part if separable else token.form
            words.append(_Word(place, form, Span(at, at + len(form)), tags))
            at = at + len(form) if separable else start
    if not words:
        raise CorpusError(f"{sentence}: a sentence without words")
    return text, tuple(words)


def _tokens(rows: Sequence[tuple[str, list[str]]]) -> Iterator[_Token]:
    token: _Token | None = None
    done = last = 0
    for place, columns in rows:
        misc = {key: value for key, _, value in (item.partition("=") for item in columns[9].split("|"))}
        if "." in columns[0]:
            if "Entity" in misc:
                raise CorpusError(f"{place}: an empty node holds a mention, which no text shows")
            continue
        number, end = _word_numbers(columns[0], done + 1, place)
        if not columns[1]:
            raise CorpusError(f"{place}: a word without letters")
        if token is None:
            token, last = _Token(columns[1], misc.get("SpaceAfter") != "No", []), end
        if "-" not in columns[0]:
            token.parts.append((place, columns[1], misc.get("Entity", "")))
            done = number
        if done == last:
            yield token
            token = None
    if token is not None:
        raise CorpusError(f"{rows[-1][0]}: word {last} of {token.form!r} is missing")


def _word_numbers(written: str, expected: int, place: str) -> tuple[int, int]:
    first, _, last = written.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or int(first) != expected or int(last or first) < expected:
        raise CorpusError(f"{place}: word {written!r}, where word {expected} should stand")
    return int(first), int(last or first)


def _build(document: Sequence[_Parsed], fields: Sequence[str]) -> Coreference:
    name = document[0].comments["newdoc id"]
    parts = name.split("_")
    if len(parts) < 3:
        raise CorpusError(f"{document[0].place}: the id {name!r} names no genre as `GUM_news_afghan` does")
    text = ""
    sentences: list[Sentence] = []
    mentions: list[Mention] = []
    for parsed in document:
        if text:
            text += "\n\n" if "newpar" in parsed.comments else " "
        span = Span(len(text), len(text) + len(parsed.text))
        text += parsed.text
        sentences.append(Sentence(span, parsed.comments.get("speaker")))
        mentions += [_mention(group, parsed, span.start, text) for group in _groups(_brackets(parsed, fields))]
    mentions.sort(key=lambda mention: (mention.span.start, -mention.span.end))
    return Coreference(name, parts[1], text, tuple(mentions), tuple(sentences))


def _brackets(sentence: _Parsed, fields: Sequence[str]) -> Iterator[_Bracket]:
    opened: list[tuple[str, Mapping[str, str], str, int]] = []
    for at, word in enumerate(sentence.words):
        if "".join(tag[0] for tag in _TAG.finditer(word.tags)) != word.tags:
            raise CorpusError(f"{word.place}: broken brackets in Entity={word.tags}")
        for tag in _TAG.finditer(word.tags):
            name = tag["closed"]
            if name is None:
                attributes = dict(zip(fields, tag["opened"].split("-", len(fields) - 1), strict=False))
                name = attributes[fields[0]]
                if not attributes.get("etype"):
                    raise CorpusError(f"{word.place}: the mention ({tag['opened']} has no type")
                opened.append((word.place, attributes, name, at))
                if not tag["alone"]:
                    continue
            held = next((n for n in reversed(range(len(opened))) if opened[n][2] == name), None)
            if held is None:
                raise CorpusError(f"{word.place}: {name}) closes what no bracket of its sentence opens")
            yield _Bracket(*opened.pop(held), at)
    if opened:
        raise CorpusError(f"{opened[0][0]}: ({opened[0][2]} opens and is not closed in its sentence")


def _groups(brackets: Iterator[_Bracket]) -> Iterator[list[_Bracket]]:
    """The brackets of each mention: one, or the parts of a discontinuous one, which are marked as `5[1/2]` and `5[2/2]`."""
    pending: dict[tuple[str, int], list[_Bracket]] = {}
    for bracket in brackets:
        part = _PART.fullmatch(bracket.name)
        if part is None:
            yield [bracket]
            continue
        key = (part["entity"], int(part["total"]))
        held = pending.setdefault(key, [])
        held.append(bracket)
        if int(part["number"]) != len(held):
            raise CorpusError(f"{bracket.place}: part {bracket.name} is out of turn")
        if len(held) == key[1]:
            yield pending.pop(key)
    for held in pending.values():
        raise CorpusError(f"{held[0].place}: not all parts of {held[0].name} stand in its sentence")


def _mention(group: Sequence[_Bracket], sentence: _Parsed, offset: int, text: str) -> Mention:
    first = group[0]
    words = [word for bracket in group for word in sentence.words[bracket.first : bracket.last + 1]]
    pieces = []
    for bracket in group:
        held = sentence.words[bracket.first : bracket.last + 1]
        piece = Span(offset + held[0].span.start, offset + max(word.span.end for word in held))
        if not _holds(text[piece.start : piece.end], held):
            raise CorpusError(f"{bracket.place}: the span holds {text[piece.start : piece.end]!r}, not the words of ({bracket.name}")
        pieces.append(piece)
    part = _PART.fullmatch(first.name)
    identity = first.attributes.get("identity")
    return Mention(
        Span(pieces[0].start, pieces[-1].end),
        entity=part["entity"] if part else first.name,
        type=first.attributes["etype"],
        head=_head(first, words),
        identity=unquote(identity) if identity else None,
        pieces=tuple(pieces),
    )


def _holds(words: str, held: Sequence[_Word]) -> bool:
    """Whether a stretch of text is some words; the parts of a multi-word token that share its letters count once."""
    forms = {word.span: word.form for word in held}
    return "".join(words.split()) == "".join("".join(forms.values()).split())


def _head(bracket: _Bracket, words: Sequence[_Word]) -> str | None:
    written = bracket.attributes.get("minspan") or bracket.attributes.get("head")
    if not written:
        return None
    numbers = [int(number) if number.isdecimal() else 0 for number in written.split(",")]
    if not all(1 <= number <= len(words) for number in numbers):
        raise CorpusError(f"{bracket.place}: the head {written} is not within the {len(words)} words of ({bracket.name}")
    return " ".join(words[number - 1].form for number in numbers)
