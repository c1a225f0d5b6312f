"""What a model must beat: quotation marks and the nearest name for quotes; majority, words and similarity for stance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from stance.document import Document, Quote, Stance, join_pieces
from stance.names import find_names
from stance.questions import Question
from stance.speakers import resolve
from stance.text import kind_of, overlapping, paragraphs, quoted

_LEAST_WORDS = 3


def read_by_marks(text: str) -> Document:
    """Takes every stretch of three words or more in quotation marks for a quote, and the nearest name in its paragraph for its source."""
    marked = quoted(text)
    quotes = []
    for paragraph in paragraphs(text):
        inside = overlapping(marked, paragraph)
        outside = [name.span for name in find_names(text, paragraph) if not overlapping(inside, name.span)]
        for span in inside:
            if len(re.findall(r"\w+", text[span.start : span.end])) < _LEAST_WORDS:
                continue
            nearest = min(outside, key=lambda name: max(span.start - name.end, name.start - span.end), default=None)
            source = (nearest,) if nearest else ()
            quotes.append(Quote(join_pieces(text, [span]), (span,), source=source, kind=kind_of(text, [span], marked)))
    return Document.assemble(text, resolve(text, quotes))


def majority(train: Sequence[tuple[str, str]], passages: Sequence[str], question: Question) -> list[Stance]:
    """The most frequent label of the training passages, for all."""
    labels = [label for _, label in train]
    shares = {label: labels.count(label) / max(1, len(labels)) for label in question.labels}
    best = max(shares, key=lambda label: shares[label])
    return [Stance(best, shares[best], shares)] * len(passages)


def words(train: Sequence[tuple[str, str]], passages: Sequence[str], question: Question) -> list[Stance]:
    """What `word_model` says of passages."""
    model = word_model().fit([passage for passage, _ in train], [label for _, label in train])
    return [_stance(row, list(model.classes_)) for row in model.predict_proba(list(passages))]


def word_model() -> Any:
    """TF-IDF of words and pairs of words, and logistic regression with balanced classes; a scikit-learn pipeline, not yet fitted."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=10, class_weight="balanced", max_iter=2000)
    )


def similarity(passages: Sequence[str], question: Question, base: str = "all-MiniLM-L6-v2") -> list[Stance]:
    """Zero-shot: a sentence a label, and the cosine of mean MiniLM states (Reimers and Gurevych 2019, "Sentence-BERT")."""
    from stance.training.recipe import load_base

    encoder, tokenizer = load_base(base)
    statements = _embed(encoder.eval(), tokenizer, [question.meanings.get(label, label) for label in question.labels])
    scores = 10 * _embed(encoder, tokenizer, passages) @ statements.T
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return [_stance(row, question.labels) for row in shares / shares.sum(axis=1, keepdims=True)]


def _embed(encoder: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    import torch

    found = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text).ids[:256]])
        with torch.inference_mode():
            state = encoder(input_ids=ids).last_hidden_state.mean(dim=1)[0]
        found.append((state / state.norm()).double().numpy())
    return np.array(found)


def _stance(row: Sequence[float] | np.ndarray[Any, Any], labels: Sequence[str]) -> Stance:
    shares = {str(label): float(p) for label, p in zip(labels, row, strict=True)}
    best = max(shares, key=lambda label: shares[label])
    return Stance(best, shares[best], shares)


def bare(passage: Sequence[str]) -> str:
    """A passage as plain words, without the classifier's marks."""
    return re.sub(r"\[unused\d\]", " ", " ".join(passage))
