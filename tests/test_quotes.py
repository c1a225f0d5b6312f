import itertools
from pathlib import Path

import numpy as np

from stance import checkpoints
from stance.articles import read_folder
from stance.document import Document, Quote, Span
from stance.pipeline import Pipeline
from stance.quotes import best_spans, decode
from stance.tagger import LAYERS, LINKS, TAGS, WindowScores, buckets
from stance.text import quoted
from stance.tokens import read_words
from stance.training.quotes import Example, make_examples

Key = tuple[tuple[Span, ...], tuple[Span, ...], tuple[Span, ...]]


def scores_of(example: Example) -> WindowScores:
    """What a model would say that is certain of an example's targets."""
    count = len(example.tags)
    tags = np.where(np.arange(len(TAGS)) == example.tags[..., None].clip(min=0), 0, -20).astype(np.float32)
    asked = np.zeros((count, len(LINKS), 1 + count), dtype=np.float32)
    for (first, _), targets in zip(example.contents, example.links, strict=True):
        asked[first, range(len(LINKS)), targets] = 30 * (1 + count) ** 0.5
    keys = np.repeat(np.eye(1 + count, dtype=np.float32)[:, None], len(LINKS), axis=1)
    classes = 1 + int(buckets(np.array([1 << 20]), np.int64(0), np.int64(1)).max())
    return WindowScores(tags, asked, np.zeros_like(asked), keys, np.zeros((classes, len(LINKS)), dtype=np.float32))


def key(quote: Quote) -> Key:
    return quote.content, quote.source, quote.cue


def is_told_within(quote: Quote, others: tuple[Quote, ...]) -> bool:
    """Whether a quote stands within another one, with its source and cue."""
    parts = (*quote.content, *quote.source, *quote.cue)
    holders = [one for other in others if other is not quote for one in other.content]
    return bool(quote.source and quote.cue) and any(all(one.contains(part) for part in parts) for one in holders)


def test_decoding_what_the_labels_say_gives_the_labels_back(root: Path) -> None:
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("quotes"))
    right: list[bool] = []
    nested: list[bool] = []
    for document in read_folder(root / "seeds" / "train"):
        words = read_words(document.text, tokenizer)
        (example,) = make_examples(document, words, tokenizer, size=1 << 20)
        assert example.tags.shape == (len(words), len(LAYERS))
        found = {key(quote) for quote in decode(document.text, words, [example.window], [scores_of(example)], quoted(document.text))}
        right += [key(quote) in found for quote in document.quotes]
        nested += [key(quote) in found for quote in document.quotes if is_told_within(quote, document.quotes)]
    assert sum(right) >= 0.97 * len(right) > 1180
    assert sum(nested) >= 0.95 * len(nested) > 30


def test_a_lone_function_word_is_no_quote_unless_it_stands_in_marks() -> None:
    text = "Ada Lund praised the plan. “Why?” asked Nora Quill."
    contents = Span(17, 20), Span(27, 33)
    assert [text[span.start : span.end] for span in contents] == ["the", "“Why?”"]
    quotes = [Quote(text[span.start : span.end], (span,)) for span in contents]
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("quotes"))
    words = read_words(text, tokenizer)
    (example,) = make_examples(Document.assemble(text, quotes), words, tokenizer, size=1 << 20)
    (found,) = decode(text, words, [example.window], [scores_of(example)], quoted(text))
    assert found.content == contents[1:]


def test_decoding_finds_the_best_well_formed_tags() -> None:
    random = np.random.default_rng(5)
    for _ in range(30):
        count = int(random.integers(1, 7))
        tags = np.log(random.dirichlet([1, 1, 1], size=(count, 1))).astype(np.float32)
        starts = np.array([True, *(random.random(count - 1) < 0.2)])
        found = best_spans(tags, starts)[0]

        def spans(path: tuple[int, ...]) -> list[tuple[int, int]]:
            return [
                (at, next((end for end in range(at + 1, len(path)) if path[end] != 2), len(path)))
                for at, tag in enumerate(path)
                if tag == 1
            ]

        def well_formed(path: tuple[int, ...], starts: np.ndarray = starts) -> bool:
            return all(tag != 2 or (at > 0 and path[at - 1] != 0 and not starts[at]) for at, tag in enumerate(path))

        paths = [path for path in itertools.product(range(3), repeat=count) if well_formed(path)]
        best = max(paths, key=lambda path: sum(float(tags[at, 0, tag]) for at, tag in enumerate(path)))
        assert found == spans(best)


def test_pieces_around_a_cue_and_run_on_paragraphs_are_one_quote(pipeline: Pipeline) -> None:
    text = (
        "The trade secretary defended the visit.\n\n"
        "“We have to be in the room,” Ms Adeyemi told reporters on Monday. “An empty chair helps nobody.\n\n"
        "“If we stay away, somebody else will write the rules, and we will live under them for thirty years.”\n\n"
        "Sir Alan Pryce, a backbencher, said the trip was a mistake."
    )
    quotes = pipeline.segment(text).quotes
    first = next(quote for quote in quotes if "in the room" in quote.text)
    assert [text[span.start : span.end] for span in first.content] == [
        "“We have to be in the room,”",
        "“An empty chair helps nobody.",
        "“If we stay away, somebody else will write the rules, and we will live under them for thirty years.”",
    ]
    assert first.kind == "direct"
    assert text[first.source[0].start : first.source[0].end] == "Ms Adeyemi"
    assert quotes[-1].kind == "indirect"
    assert quotes[-1].speaker is not None
    assert quotes[-1].speaker.name == "Alan Pryce"


def test_no_piece_holds_a_line_break_or_white_space_at_its_edges(pipeline: Pipeline, seeds: list[Document]) -> None:
    for document in pipeline.batch([seed.text for seed in seeds]):
        assert document.quotes
        for quote in document.quotes:
            for span in (*quote.content, *quote.source, *quote.cue):
                words = document.text[span.start : span.end]
                assert words == words.strip()
                assert "\n" not in words
            assert 0 < quote.confidence < 1
        assert [quote.content[0] for quote in document.quotes] == sorted(quote.content[0] for quote in document.quotes)
