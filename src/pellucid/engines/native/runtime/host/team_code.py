"""The machine code of a team: one posts a job, the others take it, and all are done before it ends.

It is machine code and not Python for two reasons. A job begins within a microsecond, whatever else
Python is at. And for Python a job is a single call: an interruption from the keyboard comes before
it or after it, and never leaves a thread waiting for one that has gone.

A team is a piece of memory, in 64-bit words:

    0   mutex               48  whether a job is under way
    16  condition           56  the job: function, table, pixels, images, threads, stop
    32  jobs posted so far  64  the barrier at which the job's threads meet
    40  threads still at it 80  threads asleep
                            88  whether no more jobs are taken

A job is posted only once all threads are through with the last one, so that none ever finds half of
one job and half of another.
"""

from __future__ import annotations

from pellucid.engines.native.runtime.host.system import DECLARATIONS

CONDITION, POSTED, LEFT, BUSY, JOB = 16, 32, 40, 48, 56
BARRIER, ASLEEP, CLOSED, WORDS = 64, 80, 88, 96

SPINS = 500
"""Turns of waiting (5 to 25 µs, as long as a processor pauses) before a thread offers its processor
to others."""

IDLE_SPINS = 2500
"""Turns of waiting for the next call (25 to 125 µs) before a thread sleeps: what Python does
between two images, and what one thread does alone at a network's end, takes no longer."""


def team_text(triple: str, pause: str) -> str:
    """The module, in LLVM's assembly language.

    Args:
        triple: The system, as LLVM names it: how denormal numbers are flushed depends on it.
        pause: The instruction by which a waiting thread yields its core, in LLVM's words.
    """
    pausing = f"call void {pause}" if pause else ""
    return "\n".join(
        [
            DECLARATIONS,
            f"declare void {pause.replace('i32 1', 'i32')}" if pause else "",
            _work(triple),
            _announce(),
            _run(pausing),
            _serve(pausing),
            _stop(),
        ]
    )


def _work(triple: str) -> str:
    """One thread's part of a job, with denormal numbers flushed to zero: they are slow."""
    declarations = before = after = ""
    if triple.startswith(("x86_64", "i686", "i386")):
        declarations = """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)"""
        before = """
  %old = alloca i32, align 4
  %new = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %old)
  %mode = load i32, ptr %old, align 4
  %flushing = or i32 %mode, 32832
  store i32 %flushing, ptr %new, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %new)"""
        after = """
  call void @llvm.x86.sse.ldmxcsr(ptr %old)"""
    elif triple.startswith(("aarch64", "arm64")):
        declarations = """
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)"""
        before = """
  %mode = call i64 @llvm.aarch64.get.fpcr()
  %flushing = or i64 %mode, 16777216
  call void @llvm.aarch64.set.fpcr(i64 %flushing)"""
        after = """
  call void @llvm.aarch64.set.fpcr(i64 %mode)"""
    return f"""{declarations}
define void @work(ptr %function, ptr %table, ptr %pixels, i64 %images, i64 %thread, i64 %threads,
                  ptr %barrier) noinline {{
entry:{before}
  call void %function(ptr %table, ptr %pixels, i64 %images, i64 %thread, i64 %threads, ptr %barrier)
{after}
  ret void
}}
"""


def _run(pausing: str) -> str:
    """A whole job; where the team is at another one, the caller does it alone."""
    return f"""
define void @team_run(ptr %team, i64 %threads, ptr %function, ptr %table, ptr %pixels, i64 %images,
                      ptr %counter) {{
entry:
  %several = icmp sgt i64 %threads, 1
  br i1 %several, label %look, label %alone
look:
  %closed = getelementptr i64, ptr %team, i64 {CLOSED}
  %closing = load atomic i64, ptr %closed acquire, align 8
  %open = icmp eq i64 %closing, 0
  br i1 %open, label %ask, label %alone
ask:
  %busy = getelementptr i64, ptr %team, i64 {BUSY}
  %answer = cmpxchg ptr %busy, i64 0, i64 1 acquire monotonic
  %free = extractvalue {{ i64, i1 }} %answer, 1
  br i1 %free, label %post, label %alone
alone:
  call void @work(ptr %function, ptr %table, ptr %pixels, i64 %images, i64 0, i64 1, ptr null)
  br label %done
post:
  %job0 = getelementptr i64, ptr %team, i64 {JOB}
  store ptr %function, ptr %job0
  %job1 = getelementptr i64, ptr %team, i64 {JOB + 1}
  store ptr %table, ptr %job1
  %job2 = getelementptr i64, ptr %team, i64 {JOB + 2}
  store ptr %pixels, ptr %job2
  %job3 = getelementptr i64, ptr %team, i64 {JOB + 3}
  store i64 %images, ptr %job3
  %job4 = getelementptr i64, ptr %team, i64 {JOB + 4}
  store i64 %threads, ptr %job4
  %left = getelementptr i64, ptr %team, i64 {LEFT}
  %others = sub i64 %threads, 1
  store atomic i64 %others, ptr %left release, align 8
  call void @announce(ptr %team)
  %barrier = getelementptr i64, ptr %team, i64 {BARRIER}
  call void @work(ptr %function, ptr %table, ptr %pixels, i64 %images, i64 0, i64 %threads,
                  ptr %barrier)
  br label %wait
wait:
  %turn = phi i64 [ 0, %post ], [ %next, %pause ], [ %next, %yield ]
  %still = load atomic i64, ptr %left acquire, align 8
  %all = icmp eq i64 %still, 0
  br i1 %all, label %free_again, label %pause
pause:
  {pausing}
  %next = add i64 %turn, 1
  %long = icmp ugt i64 %next, {SPINS}
  br i1 %long, label %yield, label %wait
yield:
  %ignored1 = call i32 @pellucid_yield()
  br label %wait
free_again:
  store atomic i64 0, ptr %busy release, align 8
  br label %done
done:
  %uncounted = icmp eq ptr %counter, null
  br i1 %uncounted, label %return, label %count
count:
  %counted = load i64, ptr %counter
  %more = add i64 %counted, 1
  store i64 %more, ptr %counter
  br label %return
return:
  ret void
}}
"""


def _serve(pausing: str) -> str:
    """What all threads but the first do: wait for a job, do a part of it, until stopped."""
    return f"""
define void @team_serve(ptr %team, i64 %number) {{
entry:
  %posted = getelementptr i64, ptr %team, i64 {POSTED}
  %left = getelementptr i64, ptr %team, i64 {LEFT}
  %condition = getelementptr i64, ptr %team, i64 {CONDITION}
  %asleep = getelementptr i64, ptr %team, i64 {ASLEEP}
  %barrier = getelementptr i64, ptr %team, i64 {BARRIER}
  br label %idle
idle:
  %known = phi i64 [ 0, %entry ], [ %current, %work ]
  br label %spin
spin:
  %turn = phi i64 [ 0, %idle ], [ %next, %pause ]
  %seen = load atomic i64, ptr %posted acquire, align 8
  %fresh = icmp ne i64 %seen, %known
  br i1 %fresh, label %read, label %pause
pause:
  {pausing}
  %next = add i64 %turn, 1
  %long = icmp ugt i64 %next, {IDLE_SPINS}
  br i1 %long, label %tired, label %spin
tired:
  %ignored1 = call i32 @pellucid_lock(ptr %team)
  %awake = atomicrmw add ptr %asleep, i64 1 seq_cst
  br label %look
look:
  %found = load atomic i64, ptr %posted seq_cst, align 8
  %new = icmp ne i64 %found, %known
  br i1 %new, label %rise, label %sleep
sleep:
  %ignored2 = call i32 @pellucid_sleep(ptr %condition, ptr %team, i32 -1, i32 0)
  br label %look
rise:
  %sleeping = atomicrmw sub ptr %asleep, i64 1 seq_cst
  %ignored3 = call i32 @pellucid_unlock(ptr %team)
  br label %read
read:
  %current = phi i64 [ %seen, %spin ], [ %found, %rise ]
  %job0 = getelementptr i64, ptr %team, i64 {JOB}
  %function = load ptr, ptr %job0
  %job1 = getelementptr i64, ptr %team, i64 {JOB + 1}
  %table = load ptr, ptr %job1
  %job2 = getelementptr i64, ptr %team, i64 {JOB + 2}
  %pixels = load ptr, ptr %job2
  %job3 = getelementptr i64, ptr %team, i64 {JOB + 3}
  %images = load i64, ptr %job3
  %job4 = getelementptr i64, ptr %team, i64 {JOB + 4}
  %threads = load i64, ptr %job4
  %job5 = getelementptr i64, ptr %team, i64 {JOB + 5}
  %stop = load i64, ptr %job5
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %leave, label %work
work:
  call void @work(ptr %function, ptr %table, ptr %pixels, i64 %images, i64 %number, i64 %threads,
                  ptr %barrier)
  %before = atomicrmw sub ptr %left, i64 1 acq_rel
  br label %idle
leave:
  ret void
}}
"""


def _stop() -> str:
    """Let the threads go once they are through; from then on callers do their jobs alone."""
    return f"""
define void @team_stop(ptr %team) {{
entry:
  %closed = getelementptr i64, ptr %team, i64 {CLOSED}
  store atomic i64 1, ptr %closed release, align 8
  %busy = getelementptr i64, ptr %team, i64 {BUSY}
  br label %ask
ask:
  %answer = cmpxchg ptr %busy, i64 0, i64 1 acquire monotonic
  %free = extractvalue {{ i64, i1 }} %answer, 1
  br i1 %free, label %tell, label %yield
yield:
  %ignored1 = call i32 @pellucid_yield()
  br label %ask
tell:
  %job5 = getelementptr i64, ptr %team, i64 {JOB + 5}
  store i64 1, ptr %job5
  call void @announce(ptr %team)
  ret void
}}
"""


def _announce() -> str:
    """Let the threads see that there is a job, and wake those that sleep.

    A thread that is about to sleep says so first and then looks for a job once more; here the job
    comes first. So one of the two sees the other.
    """
    return f"""
define void @announce(ptr %team) noinline {{
entry:
  %posted = getelementptr i64, ptr %team, i64 {POSTED}
  %before = atomicrmw add ptr %posted, i64 1 seq_cst
  %asleep = getelementptr i64, ptr %team, i64 {ASLEEP}
  %sleeping = load atomic i64, ptr %asleep seq_cst, align 8
  %none = icmp eq i64 %sleeping, 0
  br i1 %none, label %done, label %wake
wake:
  %condition = getelementptr i64, ptr %team, i64 {CONDITION}
  %ignored1 = call i32 @pellucid_lock(ptr %team)
  %ignored2 = call i32 @pellucid_wake(ptr %condition)
  %ignored3 = call i32 @pellucid_unlock(ptr %team)
  br label %done
done:
  ret void
}}
"""
