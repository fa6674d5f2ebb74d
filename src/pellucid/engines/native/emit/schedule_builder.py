"""Collects the functions of a program and the order in which threads call them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pellucid.engines.native.emit.bfloat16_sums import bfloat16_declarations
from pellucid.engines.native.emit.ir import Function, Index, Value, Vectors
from pellucid.engines.native.emit.text import definition
from pellucid.engines.native.emit.whole_sums import whole_declarations
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.memory.live_ranges import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from pellucid.engines.native.emit.single_image import Split
    from pellucid.engines.native.emit.work import Description

Share = int | Literal["images"]
"""What a stage's work is split into: a number of units, or the batch's images."""

PARAMETERS = [
    ("ptr", "memory"),
    ("ptr", "pixels"),
    ("i64", "images"),
    ("i64", "first"),
    ("i64", "last"),
    ("i64", "thread"),
]
"""Of every stage: its table of addresses in the arena, the batch's pixels, how many images, the
units to do, by whom. A schedule's table holds those of all its stages."""

BY_IMAGE = "by image"
"""The group of all stages whose threads need nothing but what they have written themselves."""

INDEPENDENT = ("update", "flip")
"""Groups whose stages need nothing of each other: many have fewer units than there are threads, and
so each begins with another thread."""

INFER = ("forward", "forward_floats")
"""Inference, from pixels as bytes or as floats."""

LEARN = ("learn", "learn_floats")
"""The forward pass of training: batch statistics, dropout."""

STEP = ("step", "step_floats")
"""A whole training step in one call, from pixels to the update."""

GRADIENTS = ("gradients", "gradients_floats")
"""A forward pass at inference and the backward pass behind it, in one call."""

AFTERWARDS = ("loss", "backward", "clip", "update")
"""The parts of a step that follow the forward pass."""

SINGLE = ("single", "single_floats")
"""Inference of one image, its stages split for all threads."""

SPINS = 500
"""Turns of waiting before a thread offers its processor to others."""


@dataclass(frozen=True)
class Call:
    """A stage in a schedule.

    Attributes:
        function: Its function, perhaps that of other stages too.
        places: Where its addresses begin in the table, and where they end.
        share: How its work is split.
        group: Within a group threads do not wait for each other.
        name: For people.
        origin: The value that it helps to make or to differentiate.
        about: What it does, for reports.
        single: How it is split, in the schedule of a single image.
        again: Buffers that it fills once more.
        one_by_one: Whether images go through it and its like one by one.
        clears: What is done for its images before it begins: functions, and their addresses.
    """

    function: str
    places: tuple[int, int]
    share: Share
    group: str
    name: str
    origin: str
    about: Description
    single: Split | None = None
    again: tuple[int, ...] = ()
    one_by_one: bool = False
    clears: tuple[tuple[str, tuple[int, int]], ...] = ()


class ScheduleBuilder:
    """The code of a program: stages as functions, and one function that calls them in turn.

    Args:
        vectors: The width of vectors.
        pause: The instruction by which a waiting thread yields its core, in LLVM's words.
        single: Whether single images get schedules of their own.
        backward: Whether the forward pass at inference has a backward pass behind it.

    Attributes:
        calls: The stages of each schedule, or part of a training step.
        places: The table of addresses that schedules take, as offsets into the arena, in bytes.
        slots: For each of these, how many bytes lie between threads' images, in buffers that hold
            one of each thread; else 0.
        one_by_one: Whether images go one by one through the stages that are being appended.
    """

    def __init__(
        self, vectors: Vectors, pause: str, *, single: bool = False, backward: bool = False
    ) -> None:
        self.vectors = vectors
        self._pause = pause
        self._single = single
        self._backward = backward
        self._functions: dict[str, tuple[str, str]] = {}  # (name, signature) by body
        self.places: list[int] = []
        self.slots: list[int] = []
        self._released = False
        self.one_by_one = False
        self.calls: dict[str, list[Call]] = {}
        self.origin = ""  # of the stages that are being appended, for reports

    def stage(
        self,
        schedules: str | tuple[str, ...],
        name: str,
        share: Share,
        body: Callable[[Function], None],
        about: Description,
        *,
        group: str = BY_IMAGE,
        single: Split | None = None,
        again: tuple[int, ...] = (),
    ) -> None:
        """Append a stage to a schedule, or to several.

        Args:
            schedules: ``forward``, ``flip``, or a part of a training step.
            name: For people who read the code.
            share: How its work is split.
            body: Appends its code for the units from ``%first`` to before ``%last``.
            about: What it does, for reports.
            group: Threads do not wait for each other between stages of one group. Image by image,
                a thread reads only what it has written itself.
            single: How it is split for a single image; none: one thread does it. Where there are
                schedules for single images, the body is called once more to be split so.
            again: Buffers that it fills once more, with what they held before.
        """
        schedules = (schedules,) if isinstance(schedules, str) else schedules
        call = Call(
            *self.function(name, body), share, group, name, self.origin, about, again=again,
            one_by_one=self.one_by_one and (share, group) == ("images", BY_IMAGE),
        )  # fmt: skip
        for schedule in schedules:
            self.calls.setdefault(schedule, []).append(call)
        if not self._single or not set(schedules) & set(INFER):
            return
        for alone in (SINGLE[INFER.index(name)] for name in schedules):
            self._append_single(self.calls.setdefault(alone, []), call, body, single)

    def _append_single(
        self, stages: list[Call], whole: Call, body: Callable[[Function], None], split: Split | None
    ) -> None:
        """Append a single image's stage.

        A stage that is not split is done by the first thread, and so is the next if it is not split
        either; rows that need only the same rows of the last stage by the thread that has those.
        """
        last = stages[-1] if stages else None
        before = last.single if last is not None else None
        split = split.cut_as(before) if split is not None else None
        if split is not None and split.worth(before):
            rows = split.each if split.local else 1
            function, places = self.function(whole.name, body, split.by, rows)
            whole = replace(
                whole, function=function, places=places, share=split.units, single=split
            )
            goes_on = split.goes_with(before)
        else:
            goes_on = before is None
        group = last.group if last is not None and goes_on else f"single {len(stages)}"
        stages.append(replace(whole, group=group, one_by_one=False))

    def function(
        self, name: str, body: Callable[[Function], None], split: str = "images", rows: int = 1
    ) -> tuple[str, tuple[int, int]]:
        """A function's name, that of an earlier one if it does the same, and its addresses."""
        safe = "".join(c if c.isalnum() and c.isascii() else "_" for c in name)
        number = len(self._functions)
        function = Function(f"stage_{number}_{safe}", PARAMETERS, self.vectors, split, rows)
        body(function)
        start = len(self.places)
        self.places += function.places
        # As text, which takes a third of the memory that its lines do.
        known = (function.name, function.signature)
        name, _ = self._functions.setdefault(function.body(), known)
        return name, (start, len(self.places))

    def accesses(self, schedules: Iterable[str]) -> list[Access]:
        """What each stage touches, of schedules that run one after the other."""
        found: list[Access] = []
        meeting = 0
        for schedule in schedules:
            calls = self.schedules[schedule]
            group = calls[0].group
            meeting += 1
            for call in calls:
                meeting, group = meeting + (call.group != group), call.group
                places = tuple(self.places[slice(*call.places)])
                found.append(Access(places, meeting, group == BY_IMAGE, call.again))
        return found

    def text(self, *names: str) -> str:
        """The whole module; or of some schedules alone, with the functions that they call."""
        schedules = {name: self.schedules[name] for name in names or self.schedules}
        functions = self.stages(*names) if names else self._written()
        parts = [
            *self.declarations(),
            "declare i32 @pellucid_yield()",
            "declare void @llvm.x86.sse2.pause()" if "x86" in self._pause else "",
            "declare void @llvm.aarch64.hint(i32)" if "aarch64" in self._pause else "",
            self._barrier(),
            *functions,
            *(self.schedule(name, calls) for name, calls in schedules.items()),
        ]
        return "\n".join(parts)

    def declarations(self) -> list[str]:
        """What LLVM must know before stages use it."""
        lanes, v = self.vectors.lanes, self.vectors.float
        d = f"<{lanes} x double>"
        half = f"<{lanes // 2} x float>"
        halves = f"declare {half} @llvm.fmuladd.v{lanes // 2}f32({half}, {half}, {half})"
        return [
            f"declare {v} @llvm.fmuladd.v{lanes}f32({v}, {v}, {v})",
            halves if lanes > 1 else "",
            f"declare {v} @llvm.arithmetic.fence.v{lanes}f32({v})",
            f"declare {v} @llvm.sqrt.v{lanes}f32({v})",
            f"declare {d} @llvm.fmuladd.v{lanes}f64({d}, {d}, {d})",
            "declare double @llvm.sqrt.f64(double)",
            *whole_declarations(self.vectors),
            *bfloat16_declarations(self.vectors),
        ]

    def stages(self, *names: str) -> list[str]:
        """The text of the functions that some schedules call, each once."""
        calls = [call for name in names for call in self.schedules[name]]
        called = {call.function for call in calls}
        called |= {function for call in calls for function, _ in call.clears}
        return self._written(called)

    def _written(self, called: Collection[str] | None = None) -> list[str]:
        """The text of all functions, or of some by name."""
        assert not self._released, "the text was released"
        return [
            definition(name, signature, body)
            for body, (name, signature) in self._functions.items()
            if called is None or name in called
        ]

    def release_text(self) -> None:
        """Forget the functions' text, most of a program's memory besides its arena."""
        self._functions.clear()
        self._released = True

    @property
    def schedules(self) -> dict[str, list[Call]]:
        """What can be called: the parts of a training step make up one schedule together."""
        parts = {*LEARN, *AFTERWARDS}
        found = {name: calls for name, calls in self.calls.items() if name not in parts}
        if LEARN[0] in self.calls:
            for name, first in zip(STEP, LEARN, strict=True):
                found[name] = [c for part in (first, *AFTERWARDS) for c in self.calls.get(part, [])]
        elif self._backward:
            for name, first in zip(GRADIENTS, INFER, strict=True):
                found[name] = found.pop(first) + self.calls.get("backward", [])
        return found

    def schedule(self, name: str, calls: list[Call]) -> str:
        """A function that every thread calls once; they meet where they need each other."""
        kinds = [*PARAMETERS[:3], ("i64", "thread"), ("i64", "threads"), ("ptr", "barrier")]
        f = Function(name, kinds, self.vectors)
        previous = calls[0].group
        turns = dict(zip(map(id, calls), turns_of(calls), strict=True))
        for run in _runs(calls):
            call = run[0]
            if call.group != previous:
                f.do("call void @meet(ptr %barrier, i64 %threads)")
            previous = call.group
            if call.one_by_one and (len(run) > 1 or self._slots(call)):
                self._one_by_one(f, run)
                continue
            units: Index = "%images" if call.share == "images" else call.share
            number = _in_turn(f, turns[id(call)])
            first, last = (_part(f, units, t) for t in (number, f.add(number, 1)))
            _clear(f, call, first, last)
            _call(f, call, _table(f, call), first, last)
        return f.text()

    def _slots(self, call: Call) -> list[int]:
        """For each of a stage's places, how far threads' images are apart; none where all share."""
        slots = self.slots[slice(*call.places)]
        return slots if any(slots) else []

    def _one_by_one(self, f: Function, calls: list[Call]) -> None:
        """Some stages, each image on its way through all of them before the next.

        Stages count a thread's images as if there were room for all. Where it holds one at a time,
        the address that they find is such that this one comes to lie in the thread's slot.
        """
        slots = {id(call): self._slots(call) for call in calls}
        most = max(map(len, slots.values()))
        own = f.value(f"alloca ptr, i64 {most}") if most else ""

        def image(n: Index, _: list[Value]) -> list[Value]:
            back = f.value(f"sub i64 %thread, {n}") if most else ""
            for call in calls:
                _clear(f, call, n, f.add(n, 1))
                table, there = _table(f, call), slots[id(call)]
                for number, slot in enumerate(there):
                    entry = f.value(f"getelementptr inbounds ptr, ptr {table}, i64 {number}")
                    address = f.value(f"load ptr, ptr {entry}")
                    if slot:
                        moved = f.multiply(back, slot)
                        address = f.value(f"getelementptr i8, ptr {address}, i64 {moved}")
                    to = f.value(f"getelementptr inbounds ptr, ptr {own}, i64 {number}")
                    f.do(f"store ptr {address}, ptr {to}")
                _call(f, call, own if there else table, n, f.add(n, 1))
            return []

        first, last = (_part(f, "%images", t) for t in ("%thread", f.add("%thread", 1)))
        f.loop(first, last, 1, image)

    def _barrier(self) -> str:
        """All threads wait for the last: two counters, who has come and how often all have."""
        return f"""
define void @meet(ptr %barrier, i64 %threads) noinline {{
entry:
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %done, label %arrive
arrive:
  %times = getelementptr inbounds i64, ptr %barrier, i64 8
  %time = load atomic i64, ptr %times acquire, align 8
  %before = atomicrmw add ptr %barrier, i64 1 acq_rel
  %came = add i64 %before, 1
  %all = icmp eq i64 %came, %threads
  br i1 %all, label %open, label %wait
open:
  store atomic i64 0, ptr %barrier release, align 8
  %next = add i64 %time, 1
  store atomic i64 %next, ptr %times release, align 8
  br label %done
wait:
  %spin = phi i64 [ 0, %arrive ], [ %spins, %again ]
  %now = load atomic i64, ptr %times acquire, align 8
  %opened = icmp ne i64 %now, %time
  br i1 %opened, label %done, label %pause
pause:
  {f"call void {self._pause}" if self._pause else ""}
  %spins = add i64 %spin, 1
  %long = icmp ugt i64 %spins, {SPINS}
  br i1 %long, label %yield, label %again
yield:
  %ignored = call i32 @pellucid_yield()
  br label %again
again:
  br label %wait
done:
  ret void
}}
"""


def _runs(calls: list[Call]) -> list[list[Call]]:
    """Stages in a row between which threads do not meet, and that images go through one by one."""
    found: list[list[Call]] = []
    for call in calls:
        last = found[-1][-1] if found else None
        if call.one_by_one and last is not None and last.one_by_one and last.group == call.group:
            found[-1].append(call)
        else:
            found.append([call])
    return found


def turns_of(calls: list[Call]) -> list[int]:
    """With which thread each stage of a schedule begins; where there are fewer, counted again."""
    found: list[int] = []
    for number, call in enumerate(calls):
        goes_on = number > 0 and calls[number - 1].group == call.group
        found.append(found[-1] + 1 if goes_on and call.group in INDEPENDENT else 0)
    return found


def _in_turn(f: Function, turn: int) -> Value:
    """The thread's number, if they were counted from another than the first."""
    if not turn:
        return "%thread"
    return f.value(f"urem i64 {f.add('%thread', turn)}, %threads")


def _table(f: Function, call: Call) -> Value:
    """Pointer to where a stage's addresses begin."""
    return f.value(f"getelementptr inbounds ptr, ptr %memory, i64 {call.places[0]}")


def _call(f: Function, call: Call, table: Value, first: Index, last: Index) -> None:
    """Append the call of a stage for some of its units."""
    f.do(
        f"call void @{call.function}(ptr {table}, ptr %pixels, i64 %images, "
        f"i64 {first}, i64 {last}, i64 %thread)"
    )


def _clear(f: Function, call: Call, first: Index, last: Index) -> None:
    """Append what is done for some images before a stage begins with them."""
    for function, places in call.clears:
        before = replace(call, function=function, places=places)
        _call(f, before, _table(f, before), first, last)


def _part(f: Function, units: Index, number: Value | Index) -> Index:
    """Where a thread's units begin; the first threads have more, since they began sooner."""
    product = f.multiply(units, number)
    less = f.value("sub i64 %threads, 1")
    return f.value(f"udiv i64 {f.add(product, less)}, %threads")


def buffer(f: Function, offset: int, index: int = 0) -> Value:
    """Pointer to a buffer in the arena, or to one of its floats."""
    return f.at("%memory", offset + FLOAT * index)
