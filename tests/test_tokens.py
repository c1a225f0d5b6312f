import random

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import BertProcessing

from stance.checkpoints import load_tokenizer, locate
from stance.document import Document
from stance.errors import ModelError
from stance.tokens import Words, boundary_ids, cut_windows, read_words

TOKENIZER = load_tokenizer(locate("quotes"))


def words_of(text: str) -> tuple[list[str], Words]:
    words = read_words(text, TOKENIZER)
    return [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)], words


def test_offsets_point_to_the_words() -> None:
    found, _ = words_of("“We won’t,” Mr Ó Súilleabháin said.\r\n\r\n\tHe smiled 🙂\u200f twice…")
    assert found == ["“", "We", "won", "’", "t", ",", "”", "Mr", "Ó", "Súilleabháin", "said", ".", "He", "smiled", "🙂", "twice", "…"]


@pytest.mark.parametrize("text", ["a\x00b said", "x\ud800y said", "\ufeffShe said", "a\u0301b said", "中国 said", "\u202eShe said"])
def test_odd_characters_move_no_offset(text: str) -> None:
    found, _ = words_of(text)
    assert found[-1] == "said"
    assert text.endswith("said")


def test_a_lone_surrogate_is_read_as_an_unknown_character() -> None:
    lone, unknown = (words_of(f"The dock {character} in x{character}{character}y said")[1] for character in "\udfff\ufffd")
    assert (lone.starts.tolist(), lone.ends.tolist()) == (unknown.starts.tolist(), unknown.ends.tolist())
    assert lone.pieces.tolist() == unknown.pieces.tolist()


def test_features_tell_case_marks_and_places() -> None:
    found, words = words_of("NATO said “iPhone sales” fell.\nThen")
    features = dict(zip(found, words.features.tolist(), strict=True))
    assert features["NATO"] == [3, 0, 0]
    assert features["said"] == [1, 0, 1]
    assert features["“"] == [0, 1, 1]
    assert features["iPhone"] == [4, 2, 2]
    assert features["”"] == [0, 3, 2]
    assert features["Then"] == [2, 0, 0]


def test_windows_own_every_word_once_and_hold_what_they_own(seeds: list[Document]) -> None:
    draw = random.Random(3)
    text = "\n\n".join(document.text for document in seeds)
    words = read_words(text, TOKENIZER)
    for _ in range(20):
        size, overlap = draw.randint(24, 300), draw.randint(0, 10)
        windows = cut_windows(words, size, overlap, boundary_ids(TOKENIZER), first_end=draw.choice([None, 17]))
        assert [at for window in windows for at in range(window.own_begin, window.own_end)] == list(range(len(words)))
        for window in windows:
            assert len(window.pieces) <= size
            assert window.begin <= window.own_begin < window.own_end <= window.end
            assert len(window.features) == len(window.pieces)
            assert [int(window.pieces[head]) for head in window.heads] == [
                int(words.pieces[words.first[at]]) for at in range(window.begin, window.end)
            ]


def test_a_word_longer_than_a_window_is_still_read() -> None:
    text = "He said " + "supercalifragilistic-" * 3000 + "end"
    _, words = words_of(text)
    windows = cut_windows(words, 128, 16, boundary_ids(TOKENIZER))
    assert sum(window.own_end - window.own_begin for window in windows) == len(words)
    assert max(len(window.pieces) for window in windows) <= 128


def test_locate_finds_the_words_of_a_span() -> None:
    text = "Ms Kearns said: “Stop.”"
    _, words = words_of(text)
    begin, end = words.locate(words.span(2, 5))
    assert (begin, end) == (2, 5)


def test_a_text_without_words_has_none() -> None:
    assert len(read_words(" \n\t\u2028 ", TOKENIZER)) == 0
    assert cut_windows(read_words("", TOKENIZER), 64, 8, boundary_ids(TOKENIZER)) == []


def test_the_marks_around_a_text_are_those_that_its_tokenizer_puts_there() -> None:
    for name, marks in (("quotes", ("<s>", "</s>")), ("stance", ("<s>", "</s>"))):
        tokenizer = load_tokenizer(locate(name))
        assert boundary_ids(tokenizer) == tuple(map(tokenizer.token_to_id, marks))
    bare = Tokenizer(WordLevel({"a": 0, "[CLS]": 1, "[SEP]": 2, "?": 3}, unk_token="?"))
    with pytest.raises(ModelError, match="0 marks"):
        boundary_ids(bare)
    bare.post_processor = BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    assert boundary_ids(bare) == (1, 2)
