from __future__ import annotations

import io
import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from rich.console import Console

from stance.document import Document, Quote, Span, Speaker, SpeakerStance, Stance
from stance.render.page import render, render_fragment
from stance.render.terminal import render_document
from stance.render.words import percentage, readable, sides_of, signed

TEXT = (
    "“We should keep talking to Beijing,” Ann Ward said.\n\n"
    "Colin Marsh said Ms Ward had told him that trade is “a matter for grown-ups” & little else.\n"
    "Officials said a review was under way."
)
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Reads a page back: ids, links, the classes over each stretch of the articles' text; fails where tags do not balance."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.tags: Counter[str] = Counter()
        self.stretches: list[tuple[str, set[str], str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags[tag] += 1
        if "id" in found:
            self.ids.append(str(found["id"]))
        if "href" in found:
            self.hrefs.append(str(found["href"]))
        if tag not in VOID:
            self.open.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if "style" not in inside and "title" not in inside:
            self.words.append(data)
        place = next((n for n, (_, found) in enumerate(self.open) if found.get("class") == "st-text"), None)
        if place is not None and "a" not in inside and "p" in inside[place:]:
            tag, found = self.open[-1]
            marked = tag == "span"
            self.stretches.append((data, set(str(found["class"]).split()) if marked else set(), str(found["title"]) if marked else ""))

    @property
    def article(self) -> str:
        return "".join(text for text, _, _ in self.stretches)

    def over(self, text: str) -> set[str]:
        return next(classes for found, classes, _ in self.stretches if found == text)


def at(words: str, text: str = TEXT) -> dict[str, Any]:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def modelled(label: str, probability: float) -> dict[str, Any]:
    probabilities = {name: probability if name == label else (1 - probability) / 2 for name in ("engage", "hawkish", "neutral")}
    return {"label": label, "probability": probability, "probabilities": probabilities}


@pytest.fixture
def document() -> Document:
    return Document.from_dict(
        {
            "text": TEXT,
            "title": "Ward backs talks",
            "outlet": "The Example",
            "date": "2024-03-04",
            "target": "China",
            "quotes": [
                {
                    "content": [at("“We should keep talking to Beijing,”")],
                    "source": [at("Ann Ward")],
                    "cue": [at("said")],
                    "kind": "direct",
                    "speaker": "Ann Ward",
                    "stance": modelled("engage", 0.91),
                    "confidence": 0.87,
                },
                {
                    "content": [at("Ms Ward had told him that trade is “a matter for grown-ups” & little else")],
                    "source": [at("Colin Marsh")],
                    "cue": [{"start": TEXT.index("Marsh said") + 6, "end": TEXT.index("Marsh said") + 10}],
                    "kind": "mixed",
                    "speaker": "Colin Marsh",
                    "stance": modelled("hawkish", 0.64),
                },
                {
                    "content": [at("that trade is “a matter for grown-ups”")],
                    "source": [at("Ms Ward")],
                    "cue": [at("had told")],
                    "kind": "mixed",
                    "speaker": "Ann Ward",
                    "stance": "engage",
                },
                {"content": [at("a review was under way")], "source": [at("Officials")]},
            ],
            "speakers": [
                {"name": "Ann Ward", "stance": {"label": "engage", "score": 0.5, "interval": [-0.25, 0.75]}},
                {"name": "Colin Marsh", "stance": {"label": "hawkish", "score": -0.64, "interval": [-1, 0.2]}},
            ],
        }
    )


def one_quote(text: str, name: str | None = "Ann Ward", **metadata: str) -> Document:
    quote = Quote(text, (Span(0, len(text)),), speaker=Speaker(name) if name else None, stance=Stance("hawkish", 0.7))
    return Document.assemble(text, [quote], {name: SpeakerStance("hawkish", -1, (-1, 1))} if name else None, **metadata)


def printed(document: Document, width: int = 80, **options: Any) -> str:
    file = io.StringIO()
    render_document(document, Console(file=file, width=width, **options))
    return file.getvalue()


def test_a_page_keeps_the_words_and_paragraphs_of_the_article(document: Document) -> None:
    page = Page(render([document]))
    assert page.article == TEXT.replace("\n", "")
    assert render([document]).split('class="st-text">')[1].split("</div>")[0].count("<p>") == 3


def test_each_stretch_has_the_classes_of_every_span_over_it(document: Document) -> None:
    page = Page(render([document]))
    assert page.over("“We should keep talking to Beijing,”") == {"st-content", "st-positive"}
    assert page.over("Ann Ward") == {"st-source"}
    assert page.over("Ms Ward") == {"st-content", "st-negative", "st-source"}
    assert page.over("had told") == {"st-content", "st-negative", "st-cue"}
    assert page.over("that trade is “a matter for grown-ups”") == {"st-content", "st-negative", "st-positive", "st-nested"}
    assert page.over(" & little else") == {"st-content", "st-negative"}
    assert page.over("a review was under way") == {"st-content", "st-plain"}
    assert page.over(" ") == set()


def test_crossing_spans_are_cut_at_every_edge() -> None:
    text = "abcdefghij"
    quotes = [
        Quote("abcdef", (Span(0, 6),), stance=Stance("engage")),
        Quote("defghi", (Span(3, 9),), source=(Span(5, 8),), stance=Stance("neutral")),
    ]
    page = Page(render_fragment(Document.assemble(text, quotes)))
    assert [found for found, _, _ in page.stretches] == ["abc", "de", "f", "gh", "i", "j"]
    assert page.over("f") == {"st-content", "st-positive", "st-neutral", "st-nested", "st-source"}
    assert page.over("gh") == {"st-content", "st-neutral", "st-source"}


def test_hovering_tells_speaker_kind_stance_and_confidence(document: Document) -> None:
    titles = {text: title for text, _, title in Page(render([document])).stretches}
    assert titles["“We should keep talking to Beijing,”"] == "Quote 1: Ann Ward · direct · engage 91% · confidence 87%"
    assert titles["that trade is “a matter for grown-ups”"].splitlines() == [
        "Quote 2: Colin Marsh · mixed · hawkish 64% · confidence 100%",
        "Quote 3: Ann Ward · mixed · engage · confidence 100%",
    ]
    assert titles["Officials"] == "Source of quote 4: unnamed · indirect · no stance · confidence 100%"


def test_a_content_in_two_paragraphs_is_marked_in_both_and_anchored_once() -> None:
    text = "“One.\n\nTwo.”\n\n   \n"
    html = render([Document.assemble(text, [Quote(text, (Span(0, 6), Span(6, len(text))), stance=Stance("neutral"))])])
    page = Page(html)
    assert [(found, "st-content" in classes) for found, classes, _ in page.stretches] == [("“One.", True), ("Two.”", True)]
    assert page.ids.count("d1-m1") == 1


@pytest.mark.parametrize("text", ["  \n \n ", "\x00", "a\n \nb"])
def test_a_quote_of_white_space_still_has_its_place(text: str) -> None:
    page = Page(render([Document.assemble(text, [Quote(text, (Span(len(text) - 1, len(text)),))])]))
    assert {href[1:] for href in page.hrefs} <= set(page.ids)


def test_everything_from_outside_is_escaped() -> None:
    attack = "<script>alert(1)</script>\" onclick='x' $title ${style} &amp;"
    html = render([one_quote(attack, attack, title=attack, outlet=attack, date=attack, target=attack)], title=attack)
    page = Page(html)
    assert page.tags["script"] == 0
    assert "<script" not in html
    assert page.article == attack
    assert "".join(page.words).count(attack) == 9
    odd = Document.assemble("x", [Quote("x", (Span(0, 1),), stance=Stance(attack))])
    assert "<script" not in render_fragment(odd)


def test_nothing_is_loaded_from_elsewhere(document: Document) -> None:
    for html in (render([document]), render_fragment(document)):
        assert not re.search(r"https?:|//|@import|url\(|\bsrc=|<script|<link|<img|<iframe", html)
        assert all(href.startswith("#") for href in Page(html).hrefs)


def test_ids_are_unique_and_every_link_leads_somewhere(document: Document) -> None:
    page = Page(render([document, document]))
    assert len(page.ids) == len(set(page.ids))
    assert len(page.hrefs) == 2 * 2 * len(document.quotes)
    assert {href[1:] for href in page.hrefs} <= set(page.ids)


def test_fragments_of_two_documents_share_no_id_and_one_document_gives_one_output(document: Document) -> None:
    other = one_quote("Talks help.")
    assert not set(Page(render_fragment(document)).ids) & set(Page(render_fragment(other)).ids)
    assert render_fragment(document) == render_fragment(document)


def test_the_style_of_a_fragment_stays_within_it(document: Document) -> None:
    style = files("stance.render").joinpath("style.css").read_text("utf-8")
    assert style in render_fragment(document)
    flat = re.sub(r"@(?:media|container)[^{]*\{|/\*.*?\*/", "", style)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", flat) for part in rule.split(",")]
    assert len(selectors) > 40
    assert all(re.match(r"\.stance(?:-page)?(?![\w-])", selector) for selector in selectors)
    assert "<body" not in render_fragment(document)


def test_what_cannot_be_written_or_shown_is_replaced() -> None:
    document = one_quote("a\ud800b\x00c\x1b[31m\x85d", "N\udfff", title="T\x07", id="i")
    for written in (render([document]), render_fragment(document), printed(document)):
        written.encode("utf-8")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", written)
        assert "a\ufffdb\ufffdc\ufffd[31m" in written
        assert "N\ufffd" in written
    assert readable("a\tb\r\n\u2028c\u200d") == "a b   c\u200d"


def test_an_article_without_quotes_says_so() -> None:
    quiet = Document("It will be sunny.\n\nThen it will rain.", title="Weather")
    page = Page(render([quiet]))
    assert page.article == "It will be sunny.Then it will rain."
    assert "No attributed quotes in this article" in "".join(page.words)
    assert page.tags["table"] == 0
    assert "No attributed quotes in this article" in printed(quiet, width=200)


def test_a_page_of_nothing_is_a_page() -> None:
    assert "no article" in render([])
    assert "No text." in render([Document("")])


def test_the_table_of_speakers_has_label_score_interval_and_count(document: Document) -> None:
    rows = re.findall(r"<tr>.*?</tr>", render([document]).split("<tbody>")[1], re.DOTALL)
    assert len(rows) == 3
    ward, marsh, unnamed = rows
    assert ">Ann Ward</th>" in ward
    assert ">engage</span>" in ward
    assert ">+0.50</span>" in ward
    assert 'aria-label="Score +0.50, 95% interval −0.25 to +0.75"' in ward
    assert 'st-fill st-positive" style="left:50.0%;width:25.0%"' in ward
    assert 'st-interval" style="left:37.5%;width:50.0%"' in ward
    assert ward.endswith('<td class="st-count">2</td></tr>')
    assert 'st-fill st-negative" style="left:18.0%;width:32.0%"' in marsh
    assert "unnamed" in unnamed
    assert unnamed.endswith('<td class="st-count">1</td></tr>')


def test_the_list_has_every_quote_in_text_order(document: Document) -> None:
    items = re.findall(r"<li .*?</li>", render([document]), re.DOTALL)
    shown = ["".join(Page(item).words).replace("\n", "") for item in items]
    assert shown[0] == "1Ann Ward direct Eengage 91%“We should keep talking to Beijing,”"
    assert [words[0] for words in shown] == ["1", "2", "3", "4"]
    assert shown[3] == "4unnamed indirect –no stancea review was under way"


def test_a_repeat_names_the_quote_it_repeats() -> None:
    text = "Talk, she says. Talk, she says."
    quotes = [Quote("Talk", (Span(0, 4),)), Quote("Talk", (Span(16, 20),), repeats=0)]
    assert 'href="#d1-q1">repeats quote 1</a>' in render([Document.assemble(text, quotes)])


def test_a_segmented_document_has_no_scores() -> None:
    document = Document.assemble("Talk", [Quote("Talk", (Span(0, 4),), speaker=Speaker("Ann Ward"))])
    html = render([document])
    assert "The score runs" not in html
    assert 'class="st-bar"' not in html
    assert re.search(r"Ann Ward +– +– +– +1\n", printed(document))


def test_heading_and_date(document: Document) -> None:
    words = "".join(Page(render([document])).words)
    assert "Ward backs talks" in words
    assert "The Example · 4 March 2024" in words
    assert "last spring" in render([Document("x", date="last spring")])
    assert "Untitled article" in render([Document("x")])


def test_what_the_model_does_not_know_is_said_in_words() -> None:
    shares = {"engage": 0.35, "hawkish": 0.25, "neutral": 0.4}
    sure, unsure = Stance("neutral", 0.4, shares), Stance("neutral", 0.4, shares, certain=False)
    document = Document.assemble(
        "abc", [Quote(letter, (Span(n, n + 1),), stance=s) for n, (letter, s) in enumerate(zip("ab", (sure, unsure), strict=True))]
    )
    html = render([document])
    assert html.count("<b>N</b>") == html.count("<b>N?</b>") == 1
    assert html.count('<span class="st-probability">40%, uncertain</span>') == 1
    assert printed(document, width=200).count("neutral 40%, uncertain") == 1


def test_the_words_that_carry_a_stance_are_marked_where_they_were_asked_for(document: Document) -> None:
    assert "carries the stance" not in render([document])
    assert "because of" not in printed(document)
    quote = Quote("talks help us", (Span(0, 13),), stance=Stance("engage", evidence=(Span(0, 5), Span(6, 10))))
    explained = Document.assemble("talks help us", [quote])
    page = Page(render([explained]))
    assert page.over("talks") == page.over("help") == {"st-content", "st-positive", "st-evidence"}
    assert page.over(" us") == {"st-content", "st-positive"}
    assert "carries the stance" in "".join(page.words)
    assert re.search(r"because of +quote\n1 +unnamed +indirect +engage +talks … help +talks help us\n", printed(explained))


def test_colours_follow_the_side_of_a_label_and_not_its_name() -> None:
    shares = {"support": 0.2, "engage": 0.7, "neither": 0.1}
    quotes = [
        Quote("a", (Span(0, 1),), speaker=Speaker("Ann Ward"), stance=Stance("engage", 0.7, shares)),
        Quote("b", (Span(1, 2),), speaker=Speaker("Ann Ward"), stance=Stance("support")),
        Quote("c", (Span(2, 3),), stance=Stance("neither")),
        Quote("d", (Span(3, 4),), stance=Stance("hawkish")),
    ]
    document = Document.assemble("abcd", quotes, {"Ann Ward": SpeakerStance("mixed", -0.3, (-1, 1))})
    assert sides_of(document) == {"support": "positive", "engage": "negative", "neither": "neutral", "mixed": "mixed"}
    html = render_fragment(document)
    page = Page(html)
    classes = ["st-negative", "st-positive", "st-neutral", "st-plain"]
    assert [page.over(letter) for letter in "abcd"] == [{"st-content", colour} for colour in classes]
    assert [html.index(f">{label}</span></span>") for label in ("support", "engage", "neither", "hawkish")] == sorted(
        html.index(f">{label}</span></span>") for label in ("support", "engage", "neither", "hawkish")
    )
    assert "−1 (every quote is engage) to +1 (every quote is support)" in html
    assert "st-fill st-negative" in html
    assert 'class="st-label st-mixed"' in html
    written = printed(document, width=200, force_terminal=True, color_system="standard")
    assert "\x1b[34msupport" in written
    assert "\x1b[34mengage" not in written
    assert "\x1b[34mhawkish" not in written


def test_without_probabilities_the_shipped_labels_have_their_sides(document: Document) -> None:
    assert sides_of(Document("x")) == {"engage": "positive", "hawkish": "negative", "neutral": "neutral", "mixed": "mixed"}
    assert "−1 (every quote is hawkish) to +1 (every quote is engage)" in render([document])


def test_numbers_say_no_more_than_is_known() -> None:
    assert [percentage(p) for p in (0.914, 0.995, 0.9999, 1.0)] == ["91%", ">99%", ">99%", "100%"]
    assert [signed(score) for score in (0.5, -0.25, -0.001, 1)] == ["+0.50", "−0.25", "0.00", "+1.00"]


def test_a_pipe_gets_each_quote_whole_and_on_one_line(document: Document) -> None:
    lines = printed(document, width=40).splitlines()
    for number, quote in enumerate(document.quotes, 1):
        line = next(line for line in lines[4:] if line.startswith(f"{number} "))
        assert line.endswith(quote.text)
    assert any(re.fullmatch(r"Ann Ward +engage +\+0\.50 +−0\.25 to \+0\.75 +2", line) for line in lines)
    assert "\x1b" not in "".join(lines)
    assert lines[:2] == ["Ward backs talks", "The Example · 4 March 2024"]


def test_a_terminal_gets_lines_that_fit(document: Document) -> None:
    written = printed(document, width=60, force_terminal=True, color_system=None)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written).splitlines()
    assert max(map(len, plain)) <= 60
    assert any("Ms Ward had" in line and line.endswith("…") for line in plain)


@pytest.mark.parametrize("options", [{}, {"force_terminal": True, "color_system": "truecolor"}])
def test_markup_in_a_text_stays_literal(options: dict[str, Any]) -> None:
    written = printed(one_quote("[red]Stop[/red] :smile: [/]", "[bold]Ann", title="[link=x]T"), **options)
    for words in ("[red]Stop[/red] :smile: [/]", "[bold]Ann", "[link=x]T"):
        assert words in written


def test_an_ascii_console_keeps_the_sign_of_a_score(document: Document) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    render_document(document, Console(file=file))
    file.flush()
    assert b'"We should keep talking to Beijing,"' in raw.getvalue()
    assert re.search(rb"Colin Marsh +hawkish +-0\.64 +-1\.00 to \+0\.20 +1", raw.getvalue())
