"""Who holds an office that a source describes, as *the foreign secretary*."""

from __future__ import annotations

import re

from stance.cast import Entity
from stance.descriptions import bare, is_voice, role_head, role_words
from stance.names import country_of, lexicon
from stance.surroundings import NEAR, Place

_OFFICES = frozenset(role_head(office) for office in lexicon("offices"))

_SPEAKS = re.compile(r"\s+(?:said|says|told|wrote|added|tweeted|argued|warned|announced|replied|explained)\b")
_SPOKEN = re.compile(r"\b(?:said|says|wrote|added|tweeted)\s+$")


def holder(core: str, head: str, place: Place) -> str | None:
    """Who holds an office: whoever has it by apposition, else the last speaker, else whoever is named next where nobody was yet."""
    indefinite = bool(re.match(r"An?\b", core, re.IGNORECASE))
    if (last := place.last) and last.entity and place.since(last) <= 1 and _holds(last.entity, core):
        return last.name
    entity = place.cast.in_role(core, place.at, whole=indefinite)
    if entity and (other := _at_home(entity, core, place)):
        place.cast.appoint(other, core)
        return other.name
    if entity:
        told = place.told(bare(core), head)
        return told if told and _spoke_later(told, entity.last_before(place.at), place) else entity.name
    if is_voice(head):
        return None
    if head == "leader" and (ruler := _ruler(core, place)):
        return ruler.name
    found = (_last_person(core, place) if re.match("the ", core, re.IGNORECASE) else None) or _named_next(core, place) or _introduced(place)
    if found and not indefinite:
        place.cast.appoint(place.cast.by_name[found], core)
    return found


def _ruler(core: str, place: Place) -> Entity | None:
    """Whom *the American leader* means: the president or head of government of that country."""
    country = next((found for word in role_words(core) if (found := country_of(word))), None)
    offices = ("president", "prime minister", "premier", "chief executive", "chancellor")
    return next((entity for office in offices if country and (entity := place.cast.in_role(f"{country} {office}", place.at))), None)


def _spoke_later(name: str, at: int, place: Place) -> bool:
    """Whether somebody described spoke after a place."""
    return next((one.quote.extent.start > at for one in reversed(place.said) if one.name == name), False)


def _last_person(core: str, place: Place) -> str | None:
    for one in reversed(place.said):
        entity = one.entity
        if entity is None or entity.body or place.since(one) > NEAR:
            continue
        return entity.name if _may_hold(entity, core) else None
    return None


def _named_next(core: str, place: Place) -> str | None:
    """The first person named soon, where nobody was named before, or an article's first quote: ledes give the office first."""
    named = any(not mention.entity.body for mention in place.cast.named_before(place.at))
    if named and (place.said or place.paragraph > NEAR):
        return None
    soon = [
        mention
        for mention in place.cast.named_after(place.at)
        if not mention.entity.body and len(mention.entity.words) > 1 and place.cast.paragraph(mention.span.start) - place.paragraph <= 3
    ]
    opening = next((mention for mention in soon if mention.span.start in place.cast.openings), None)
    return opening.entity.name if opening else soon[0].entity.name if soon and not named else None


def _holds(entity: Entity, core: str) -> bool:
    """Whether a bare office, as *the president*, is one that a person has."""
    wanted = role_words(core) - {"former"}
    return bool(re.match("the ", core, re.IGNORECASE)) and len(wanted) == 1 and role_head(core) in entity.roles


def _at_home(abroad: Entity, core: str, place: Place) -> Entity | None:
    """Who is meant by *the president* where it is a foreign one's known office: the last speaker, who is spoken of more and has none."""
    last = place.last
    if not last or last.entity is None or place.since(last) > 1 or not re.match("the ", core, re.IGNORECASE):
        return None
    entity = last.entity
    known = entity.roles or (entity.body and not entity.plain) or country_of(entity.name)
    foreign = bool(abroad.countries - role_words(core))
    return entity if foreign and not known and len(entity.mentions) > len(abroad.mentions) else None


def _introduced(place: Place) -> str | None:
    """Who is first named soon after with no role, having had it just before: *a White House aide said … Jane Doe said*."""
    for mention in place.cast.named_after(place.at):
        entity = mention.entity
        if place.cast.paragraph(mention.span.start) - place.paragraph > NEAR:
            return None
        if entity.body or entity.mentions[0] != mention.span:
            continue
        spoken = _SPEAKS.match(place.cast.text, mention.span.end) or _SPOKEN.search(
            place.cast.text[max(0, mention.span.start - 20) : mention.span.start]
        )
        return entity.name if len(entity.words) > 1 and not entity.roles and spoken else None
    return None


def pair(place: Place) -> str | None:
    """The last two persons named, as *the two leaders*."""
    pair: dict[str, int] = {}
    for mention in place.cast.named_before(place.at):
        if place.paragraph - place.cast.paragraph(mention.span.start) > NEAR:
            break
        if not mention.entity.body:
            pair.setdefault(mention.entity.name, mention.span.start)
        if len(pair) == 2:
            return " and ".join(sorted(pair, key=lambda name: pair[name]))
    return None


def _may_hold(entity: Entity, office: str) -> bool:
    """Whether an office may be a person's: no two persons share one, so that whoever has another has not this one."""
    head = role_head(office)
    return not entity.roles or head in entity.roles or (head not in _OFFICES and " of " not in office)
