"""A long run under load: the host is killed now and then, old instances are purged, nothing may pile up."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from chaos_book import (
    CLIENT_WALLETS,
    WALLETS,
    Answer,
    complaints_about_signals,
    complaints_about_wallet,
    effects_of,
    payments,
)
from chaos_load import Load
from mortal_host import MortalHost
from process_figures import growth, mebibytes, on_disk, resident
from soak_keeper import Keeper, patiently

IN_FLIGHT = 40
#: Seconds between two samples, and between two kills.
SAMPLE_EVERY = 10.0
KILL_EVERY = 60.0
#: A life's first seconds are left out of the comparison of memory: it is still taking up its state.
WARM = 15.0
#: What everything that was begun may take to end.
LAST_PATIENCE = 90.0
#: Differences smaller than these are noise: of an allocator, and of a log that is written back by pages.
MEMORY_SLACK = 6 * 2**20
DISK_SLACK = 2 * 2**20


def minutes(default: float) -> float:
    """How long to soak: CHAOS_SOAK_MINUTES, else the given time."""
    return float(os.environ.get("CHAOS_SOAK_MINUTES") or default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The figures at one moment."""

    second: float
    life: int
    age: float
    resident: int
    on_disk: int
    started: int
    alive: int
    purged: int

    def __str__(self) -> str:
        return (
            f"{self.second:>7.0f} {self.life:>5} {self.age:>6.0f} {mebibytes(self.resident):>8} "
            f"{mebibytes(self.on_disk):>8} {self.started:>8} {self.alive:>6} {self.purged:>8}"
        )


HEADINGS = " second  life    age  RSS MiB disk MiB  started  alive   purged"


class SoakRun:
    """Soaks for so many minutes, kills in the first and last third; `complaints` is empty if all is well."""

    def __init__(self, folder: Path, *, seed: int, minutes: float) -> None:
        self._effects = folder / "effects" / "lines"
        self._effects.parent.mkdir()
        self._effects.touch()
        self._state = folder / "state"
        self._host = MortalHost("chaos_mix", folder, {"CHAOS_EFFECTS": str(self._effects)}, "sticky")
        self._load = Load(self._host.port, Random(seed), wanted=IN_FLIGHT, most=10**9)
        self._keeper = Keeper(self._host.port, self._load)
        self._seconds = minutes * 60
        self._born = 0.0
        self.samples: list[Sample] = []

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._give_birth()
            self._load.begin()
            self._keeper.begin()
            self._soak()
            return self._finish()
        finally:
            self._keeper.end()
            self._load.end()
            self._host.stop()

    def _give_birth(self) -> None:
        self._host.spawn()
        self._host.wait_until_ready()
        self._born = time.monotonic()

    def _soak(self) -> None:
        began = time.monotonic()
        next_sample, next_kill = SAMPLE_EVERY, KILL_EVERY
        print(HEADINGS, flush=True)
        while (second := time.monotonic() - began) < self._seconds:
            if second >= next_kill:
                next_kill += KILL_EVERY
                if not self._is_spared(second):
                    self._host.kill()
                    self._give_birth()
            if second >= next_sample:
                next_sample += SAMPLE_EVERY
                self._sample(second)
            self._host.refuse_to_be_dead()
            time.sleep(0.1)

    def _is_spared(self, second: float) -> bool:
        # The middle third is one life: what leaks slowly is seen in a long one only.
        return self._seconds / 3 < second < self._seconds * 2 / 3

    def _sample(self, second: float) -> None:
        sample = Sample(
            second=second,
            life=self._host.incarnations,
            age=time.monotonic() - self._born,
            resident=resident(self._host.pid),
            on_disk=on_disk(self._state),
            started=len(self._load.book.runs),
            alive=self._load.alive,
            purged=self._keeper.purges,
        )
        self.samples.append(sample)
        print(sample, flush=True)

    def _finish(self) -> list[str]:
        self._load.start_no_more()
        is_still = patiently(lambda: self._load.is_idle and self._load.alive == 0, LAST_PATIENCE)
        self._load.end()
        self._keeper.end()
        is_tidy = patiently(self._is_tidied, LAST_PATIENCE)
        found = [] if is_still and is_tidy else [f"not at rest and tidy {LAST_PATIENCE:.0f} s after the end"]
        found += [*self._load.faults, *self._keeper.faults]
        found += [f"{run} was acknowledged and never ended, or is lost" for run in self._unseen()]
        found += self._about_payments()
        found += self._about_effects()
        found += self._about_figures()
        return found

    def _is_tidied(self) -> bool:
        return self._keeper.tidy(old=-2) and not self._unseen() and self._keeper.is_empty

    def _unseen(self) -> list[str]:
        book = self._load.book
        return [
            run.id
            for run in book.runs.values()
            if run.answer is Answer.ACKNOWLEDGED and run.id not in self._keeper.seen
        ]

    def _about_payments(self) -> Iterator[str]:
        due = payments(list(self._keeper.seen.values()))
        for wallet in WALLETS:
            yield from complaints_about_wallet(wallet, self._keeper.ever_held(wallet), due[wallet])
        for wallet in CLIENT_WALLETS:
            signals = self._load.book.signals[wallet]
            yield from complaints_about_signals(wallet, self._keeper.ever_held(wallet), signals)

    def _about_effects(self) -> Iterator[str]:
        lines = set(self._effects.read_text(encoding="utf-8").splitlines())
        for run in self._keeper.seen.values():
            if missing := effects_of(run) - lines:
                yield f"{run.id} has answers of activities that never ran: {sorted(missing)}"

    def _about_figures(self) -> Iterator[str]:
        warm = [sample for sample in self.samples if sample.age > WARM]
        longest, _ = Counter(sample.life for sample in warm).most_common(1)[0] if warm else (0, 0)
        long_life = [sample for sample in warm if sample.life == longest]
        yield from growth("memory over all lives", [s.resident for s in warm], slack=MEMORY_SLACK)
        yield from growth("memory of the longest life", [s.resident for s in long_life], slack=MEMORY_SLACK)
        yield from growth("the state on disk", [s.on_disk for s in self.samples], slack=DISK_SLACK)
