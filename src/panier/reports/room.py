"""Reads what the room did: the log, the samples, the visits and the pins, as figures.

The log is read once, whatever its length; texts are fetched for the questions kept only.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from panier.kit.db import Tx, find, rows
from panier.reports.aired import Aired
from panier.reports.figures import Pin, Point, Question, Room, SoldOut
from panier.reports.rules import (
    SAMPLE_SECONDS,
    Naming,
    question_words,
    read_question,
    step_seconds,
)

QUESTIONS_MAX = 2_000
"""Questions that are read and sorted; the report says so when there were more."""
HOLD_STEPS = 3
"""Samples after which a gateway that says nothing counts no viewers any more."""

ASKS = """
(text like '%%?%%' or text like '%%¿%%'
 or split_part(ltrim(lower(text), ' ¿¡'), ' ', 1) = any(%(words)s))
"""
# One pass over the log; hidden lines are left out. No regular expression: at a million lines it
# would take longer than all the rest.
LINES = (
    """
select floor(extract(epoch from bin - %(start)s) / %(step)s)::int as n, messages, questions,
       answers
from (
  select date_bin(make_interval(secs => %(step)s), at, %(start)s) as bin,
    count(*)::int as messages,
    array_agg(seq) filter (where not staff and """
    + ASKS
    + """) as questions,
    array_agg(extract(epoch from at - %(start)s)::int) filter (where staff) as answers
  from (select seq, at, body->>'text' as text, coalesce((body->>'staff')::bool, false) as staff
        from room_log
        where show_id = %(show)s and kind = 'chat' and at between %(start)s and %(end)s
          and seq <> all(%(hidden)s)
        offset 0) line
  group by 1
) binned
"""
)
HIDDEN = """
select (body->>'seq')::bigint from room_log
where show_id = %s and kind = 'chat_hidden' and kind not in ('chat', 'purchase')
"""
TEXTS = """
select extract(epoch from at - %s)::int, body->>'text' from room_log
where show_id = %s and seq = any(%s) order by seq
"""
# Each gateway counts for itself every ten seconds, by its own clock: a count holds until its next
# one, at most HOLD_STEPS steps; a gateway that is gone fades. Hearts belong to their step alone.
MOMENTS = f"""
counted as (
  select floor(extract(epoch from at - %(start)s) / {SAMPLE_SECONDS})::int as n, gateway,
         max(viewers) as viewers, sum(hearts) as hearts
  from room_sample where show_id = %(show)s and at between %(start)s and %(end)s group by 1, 2
), moment as (
  select step as n, sum(viewers)::int as viewers,
         sum(case when step = c.n then hearts else 0 end)::int as hearts
  from (select *, lead(n) over (partition by gateway order by n) as next from counted) c
  cross join lateral generate_series(
    c.n, least(c.n + {HOLD_STEPS} - 1, coalesce(c.next - 1, %(last)s), %(last)s)) step
  group by 1
)
"""
SAMPLES = "with " + MOMENTS + "select n, viewers, hearts from moment order by n"
VISITS = """
select count(*)::int as visitors,
       coalesce(percentile_disc(0.5) within group (order by seconds), 0)::int as median
from room_visit where show_id = %(show)s and first_at <= %(end)s and last_at >= %(start)s
"""
PINS = """
select product_id as product,
  greatest(0, extract(epoch from pinned_at - %(start)s))::int as start,
  extract(epoch from least(coalesce(unpinned_at, %(end)s), %(end)s) - %(start)s)::int as end
from pin where show_id = %(show)s and pinned_at < %(end)s
  and coalesce(unpinned_at, %(end)s) > %(start)s
order by pinned_at
"""
SOLD_OUT = """
select extract(epoch from g.at - %(start)s)::int as at, v.product_id as product, v.id as variant,
  (select extract(epoch from min(b.at) - %(start)s)::int from room_log b
   where b.show_id = g.show_id and b.kind = 'back_in_stock'
     and b.kind not in ('chat', 'purchase') and b.seq > g.seq
     and b.body->>'variant' = g.body->>'variant' and b.at <= %(end)s) as back_at
from room_log g join variant v on v.id = (g.body->>'variant')::uuid
where g.show_id = %(show)s and g.kind = 'sold_out' and g.kind not in ('chat', 'purchase')
  and g.at between %(start)s and %(end)s
order by g.seq
"""


class _Lines(msgspec.Struct):
    n: int
    messages: int
    questions: list[int] | None
    answers: list[int] | None


class _Moment(msgspec.Struct):
    n: int
    viewers: int
    hearts: int


class _Visits(msgspec.Struct):
    visitors: int
    median: int


async def read_room(tx: Tx, show: Aired, titles: Mapping[UUID, dict[str, str]]) -> Room:
    """Read what happened in the room from going live to the end; `titles` tells what is named."""
    step = step_seconds(show.seconds)
    span: dict[str, Any] = {
        "show": show.id,
        "start": show.start,
        "end": show.ended_at or show.start,
        "step": step,
        "last": max(0, -(-show.seconds // SAMPLE_SECONDS) - 1),
        "words": question_words(show.language),
    }
    hidden = [row[0] for row in await (await tx.execute(HIDDEN, (show.id,))).fetchall()]
    lines = await rows(tx, LINES, {**span, "hidden": hidden}, _Lines)
    moments = await rows(tx, SAMPLES, span, _Moment)
    visits = await find(tx, VISITS, span, _Visits) or _Visits(0, 0)
    pins = await rows(tx, PINS, span, Pin)
    found = sorted(seq for line in lines for seq in line.questions or ())
    answers = sorted(at for line in lines for at in line.answers or ())
    about = partial(read_question, naming=Naming(titles), pins=pins, answers=answers)
    peak = max(moments, key=lambda m: (m.viewers, -m.n), default=_Moment(0, 0, 0))
    count = max(1, -(-show.seconds // SAMPLE_SECONDS))
    return Room(
        seconds=show.seconds,
        step=step,
        visitors=visits.visitors,
        peak=peak.viewers,
        peak_at=peak.n * SAMPLE_SECONDS,
        average=(20 * sum(m.viewers for m in moments) + count) // (2 * count),
        median_seconds=visits.median,
        hearts=sum(m.hearts for m in moments),
        messages=sum(line.messages for line in lines),
        questions_found=len(found),
        questions=await _read_questions(tx, show, found, about),
        points=_curve(show.seconds, step, lines, moments),
        pins=pins,
        sold_out=await rows(tx, SOLD_OUT, span, SoldOut),
    )


async def _read_questions(
    tx: Tx, show: Aired, found: Sequence[int], read: Callable[[int, str], Question]
) -> list[Question]:
    cursor = await tx.execute(TEXTS, (show.start, show.id, list(found[:QUESTIONS_MAX])))
    return [read(at, text) for at, text in await cursor.fetchall()]


def _curve(
    seconds: int, step: int, lines: Sequence[_Lines], moments: Sequence[_Moment]
) -> list[Point]:
    count = max(1, -(-seconds // step))
    viewers, hearts, messages = [0] * count, [0] * count, [0] * count
    for moment in moments:
        n = min(moment.n * SAMPLE_SECONDS // step, count - 1)
        viewers[n] = max(viewers[n], moment.viewers)
        hearts[n] += moment.hearts
    for line in lines:
        messages[min(line.n, count - 1)] += line.messages
    return [Point(n * step, viewers[n], hearts[n], messages[n]) for n in range(count)]
