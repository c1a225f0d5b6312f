import pytest

from stance.document import Quote, Span
from stance.names import acronyms, find_names
from stance.speakers import resolve

ARTICLE = (
    "Foreign Secretary James Cleverly met officials in Beijing. "
    "Alicia Kearns, Tory chair of the foreign affairs committee, was not pleased.\n\n"
    "Mr Cleverly said the talks were frank. He added that they were long. Ms Kearns said that was too little. She wanted more.\n\n"
    "The foreign secretary said he would return. The Tory chair said he should not. Former leader Sir Iain Duncan Smith called it weak.\n\n"
    "Sir Iain said so twice. Senior Tories agreed. A spokesman for the Foreign Office denied it. "
    "The Inter-Parliamentary Alliance on China (IPAC) objected. IPAC said it would write. "
    "China’s foreign ministry said the visit helped. Xi Jinping, the Chinese president, said little. Mr Xi smiled."
)


def name_of(source: str, occurrence: int = 0, before: tuple[str, ...] = ()) -> str | None:
    """The name given to the source that stands at an occurrence of some words, after other sources were read."""
    quotes = []
    for words, number in [*((earlier, 0) for earlier in before), (source, occurrence)]:
        at = -1
        for _ in range(number + 1):
            at = ARTICLE.index(words, at + 1)
        quotes.append(Quote("", (Span(at + len(words) + 1, at + len(words) + 5),), source=(Span(at, at + len(words)),)))
    speaker = resolve(ARTICLE, sorted(quotes, key=lambda quote: quote.content[0]))[-1].speaker
    return speaker.name if speaker else None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Mr Cleverly", "James Cleverly"),
        ("Ms Kearns", "Alicia Kearns"),
        ("The foreign secretary", "James Cleverly"),
        ("The Tory chair", "Alicia Kearns"),
        ("Former leader Sir Iain Duncan Smith", "Iain Duncan Smith"),
        ("Sir Iain", "Iain Duncan Smith"),
        ("Senior Tories", "Senior Tories"),
        ("A spokesman for the Foreign Office", "spokesman for the Foreign Office"),
        ("IPAC", "Inter-Parliamentary Alliance on China"),
        ("China’s foreign ministry", "China’s foreign ministry"),
        ("Xi Jinping, the Chinese president,", "Xi Jinping"),
        ("Mr Xi", "Xi Jinping"),
    ],
)
def test_names_titles_roles_and_bodies(source: str, name: str) -> None:
    assert name_of(source) == name


def test_pronouns_go_to_the_last_speaker_of_their_gender() -> None:
    assert name_of("He", before=("Mr Cleverly",)) == "James Cleverly"
    assert name_of("She", before=("Mr Cleverly", "Ms Kearns")) == "Alicia Kearns"


def test_a_direct_quote_without_source_follows_the_last_speaker() -> None:
    text = "Jane Doe said: “One.”\n\n“Two.”\n\nThe sun shone.\n\nIt rained.\n\n“Three.”"

    def quote(words: str, source: str = "") -> Quote:
        at, named = text.index(words), text.find(source)
        return Quote(words, (Span(at, at + len(words)),), source=(Span(named, named + len(source)),) if source else (), kind="direct")

    found = resolve(text, [quote("“One.”", "Jane Doe"), quote("“Two.”"), quote("“Three.”")])
    assert [q.speaker and q.speaker.name for q in found] == ["Jane Doe", "Jane Doe", None]


def test_names_are_found_without_titles_and_roles() -> None:
    found = find_names(ARTICLE, Span(0, 135))
    persons = [(name.text, name.role) for name in found if not name.body]
    assert ("James Cleverly", "Foreign Secretary") in persons
    assert any(name == "Alicia Kearns" for name, _ in persons)


def test_short_forms_are_read_from_brackets() -> None:
    assert acronyms(ARTICLE) == {"IPAC": "Inter-Parliamentary Alliance on China"}
