import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from stance.articles import read_folder
from stance.checkpoints import load_tokenizer, locate
from stance.document import Document, Quote, Span, Stance
from stance.evidence import with_evidence, words_of
from stance.pipeline import Pipeline
from stance.questions import shipped_question
from stance.stances import read_passage

TEXT = "“We should keep talking to Beijing,” Ada Lund, the trade minister, said on Tuesday."


def without(text: str, quote: Quote, spans: Sequence[Span]) -> Document:
    """The article with some words deleted, and the one quote in what is left."""

    def kept(pieces: Sequence[Span]) -> tuple[Span, ...]:
        moved = [tuple(at - sum(max(0, min(at, span.end) - span.start) for span in spans) for at in (p.start, p.end)) for p in pieces]
        return tuple(Span(start, end) for start, end in moved if end > start)

    left = "".join(letter for at, letter in enumerate(text) if not any(span.start <= at < span.end for span in spans))
    return Document.assemble(left, [Quote("", kept(quote.content), kept(quote.source), kept(quote.cue))])


def test_deleting_the_evidence_moves_the_label_more_than_deleting_as_many_other_words(pipeline: Pipeline, root: Path) -> None:
    draw = random.Random(1)
    judged: list[Stance] = []
    deleted: dict[str, list[Document]] = {"evidence": [], "by chance": []}
    article = next(document for document in read_folder(root / "seeds" / "train") if len(document.quotes) >= 20)
    document = pipeline(Document.assemble(article.text, article.quotes[:24]), explain=True)
    for quote in document.quotes:
        assert quote.stance is not None
        words = words_of(document.text, quote.content)
        evidence = [word for word in words if any(span.overlaps(word) for span in quote.stance.evidence)]
        if evidence and len(words) >= 2 * len(evidence):
            judged.append(quote.stance)
            deleted["evidence"].append(without(document.text, quote, evidence))
            deleted["by chance"].append(without(document.text, quote, draw.sample(words, len(evidence))))
    assert len(judged) >= 15
    falls = {
        name: np.mean(
            [
                stance.probability - found.quotes[0].stance.probabilities[stance.label]
                for stance, found in zip(judged, pipeline.batch(documents), strict=True)
                if found.quotes[0].stance
            ]
        )
        for name, documents in deleted.items()
    }
    assert falls["evidence"] > 0.1
    assert falls["evidence"] > 2 * falls["by chance"]


def test_evidence_is_asked_for_lies_in_the_content_and_changes_nothing_else(pipeline: Pipeline) -> None:
    plain, explained = pipeline(TEXT), pipeline(TEXT, explain=True)
    assert [quote.stance.evidence for quote in plain.quotes if quote.stance] == [()]
    (quote,) = explained.quotes
    assert quote.stance is not None
    assert quote.stance.evidence
    assert all(any(piece.contains(span) for piece in quote.content) for span in quote.stance.evidence)
    assert quote.stance.probabilities == plain.quotes[0].stance.probabilities  # type: ignore[union-attr]
    assert pipeline(plain, explain=True) == explained
    assert Document.from_dict(explained.to_dict()) == explained


class WordCounter:
    """Stands for a model that knows one word: the label is the surer, the more often it stands in the passage."""

    def __init__(self, piece: int) -> None:
        self.piece = piece


@pytest.mark.parametrize("length", [5, 400])
def test_the_words_that_count_are_found_wherever_they_stand(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_tokenizer(locate("stance"))
    words = ["rain"] * length
    words[2] = words[-2] = "sanctions"
    content = " ".join(words)
    text = f"Ünder Ada Lund’s plan: “{content}.”"
    at = text.index(content)
    quote = Quote("", (Span(at, at + len(content)),), (Span(6, 14),))
    read = read_passage(text, quote, tokenizer, 128)

    def probabilities(model: WordCounter, rows: Sequence[tuple[Sequence[int], Sequence[bool]]]) -> np.ndarray:  # type: ignore[type-arg]
        counts = np.array([sum(piece == model.piece for piece in pieces) for pieces, _ in rows])
        return np.stack([counts / 4, 1 - counts / 4, 0 * counts], axis=1)

    monkeypatch.setattr("stance.classifier.probabilities_of", probabilities)
    model = WordCounter(tokenizer.token_to_id("sanctions"))
    found = with_evidence(Stance("engage", 0.5), text, quote, read, model, shipped_question())
    assert found.evidence
    assert len(found.evidence) <= 2
    assert all("sanctions" in text[span.start : span.end] for span in found.evidence)
    assert sum(map(len, found.evidence)) < max(20, length)
    nothing = with_evidence(Stance("engage", 0.5), text, quote, read, WordCounter(-1), shipped_question())
    assert nothing.evidence == ()


def test_words_are_whole_and_without_marks() -> None:
    text = "“It’s a cold-war trap,” … “Sinosceptics say.”"
    content = (Span(0, text.index("”") + 1), Span(text.index("“Sino"), len(text)))
    assert [text[word.start : word.end] for word in words_of(text, content)] == ["It’s", "a", "cold-war", "trap", "Sinosceptics", "say"]


def test_a_content_without_words_has_none() -> None:
    assert words_of("“…!” he said.", (Span(0, 4),)) == []
