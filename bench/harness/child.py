"""What child.mjs does, for peers in Python: one workload, once; the last line printed is the result as JSON.

The keys are those of data.mjs; the values come from another generator.
"""

import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
import traceback

TASK = json.loads(sys.argv[1])
N, QUICK = TASK["n"], TASK["quick"]
KEYS = 10
METHODS = {
    "W1": ["load", "get"], "W1s": ["load", "get"], "W2": ["load", "commit", "get"], "W2n": ["load", "commit", "get"],
    "W2g": ["load", "commit", "stored_bytes"], "W3": ["load", "commit", "get"], "W4": ["load", "get"],
    "W4d": ["load", "get"], "W4c": ["get"], "W4x": ["get"], "W5": ["load", "commit", "diff"],
    "W6": ["load", "sides", "merge", "get"], "W7": ["load", "branch"], "W8": ["load", "scan"],
    "W9": ["load", "commit", "history"], "W10": [], "W11": ["get"],
}  # fmt: skip


def digits(index):
    return str(index).zfill(max(6, len(str(N - 1))))


def key_of(index, name="profile"):
    return f"user/{digits(index)}/{name}"


def entries():
    source = random.Random(1)
    return [(key_of(i), source.randbytes(100)) for i in range(N)]


def updates(source, count):
    return [(key_of(i), source.randbytes(100)) for i in source.sample(range(N), count)]


def expect(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


def once(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def loop(rounds, limit, at_least, prepare, run):
    times = []
    end = time.perf_counter() + limit
    while len(times) < rounds and (len(times) < at_least or time.perf_counter() < end):
        prepared = prepare()
        times.append(once(lambda: run(prepared)))
    return times


def each(rounds, prepare, run):
    """Median and mean in milliseconds, after a warm-up: as `Clock.each`."""
    limit, count = (1, -(-rounds // 4)) if QUICK else (7, rounds)
    loop(-(-count // 2), limit / 2, 1, prepare, run)
    times = loop(count, limit, 5, prepare, run)
    return statistics.median(times), statistics.mean(times)


def rate(size, prepare, run):
    limit = 0.25 if QUICK else 1
    loop(10_000, limit / 2, 1, prepare, run)
    return size / (statistics.median(loop(10_000, limit, 3, prepare, run)) / 1000)


def loaded(make):
    system = make()
    system.load(entries())
    return system


def load(make):
    everything = entries()
    if TASK["workload"] == "W1s":
        random.Random(2).shuffle(everything)
    system = make()
    took = once(lambda: system.load(everything))
    expect(system.get(everything[N // 2][0]), everything[N // 2][1], "a value")
    return {"load": took}


def commits(make, count, rounds):
    system, source, last = loaded(make), random.Random(3), []

    def prepare():
        last[:] = updates(source, count)
        return list(last)

    took = each(rounds, prepare, system.commit)
    expect(system.get(last[-1][0]), last[-1][1], "the value after the commit")
    return system, took


def one_key(make):
    system, (median, mean) = commits(make, 1, 2000)
    fresh = random.Random(4).sample(range(N), N)
    rounds = min(2000, N // 4)
    insert, _ = each(rounds, lambda: [(key_of(fresh.pop(), "avatar"), bytes(100))], system.commit)
    return {"update": median * 1000, "mean": mean * 1000, "insert": insert * 1000}


def lazy_one_key(make):
    _, (median, mean) = commits(make, 1, 1000)
    return {"commit": median * 1000, "mean": mean * 1000}


def growth(make):
    system, source, count = loaded(make), random.Random(6), 250 if QUICK else 1000
    before = system.stored_bytes()
    for _ in range(count):
        system.commit(updates(source, 1))
    return {"growth": (system.stored_bytes() - before) / count}


def warm_gets(make):
    system, source = loaded(make), random.Random(7)

    def gets(keys):
        for key in keys:
            system.get(key)

    def sample(limit):
        return [key_of(source.randrange(limit)) for _ in range(size)]

    size = 100
    size = max(100, min(20_000, round(size * 20 / once(lambda: gets(sample(N))))))
    result = {"uniform": rate(size, lambda: sample(N), gets), "hot": rate(size, lambda: sample(min(N, 1000)), gets)}
    if hasattr(system, "get_many"):
        many = lambda keys: expect(system.get_many(keys), 1000, "values found")  # noqa: E731
        result["many"] = rate(1000, lambda: [key_of(i) for i in source.sample(range(N), 1000)], many)

        def block():
            start = source.randrange(N - 999)
            return [key_of(start + i) for i in range(1000)]

        result["block"] = rate(1000, block, many)
    for key, value in entries()[:: max(1, N // 10)]:
        expect(system.get(key), value, "a value")
    return result


def cold_gets(reopen):
    system = reopen(TASK["folder"])
    keys = [key_of(i) for i in random.Random(8).sample(range(N), 1000)]
    found = []
    took = once(lambda: found.extend(len(system.get(key)) for key in keys))
    expect(sum(found), 100_000, "bytes read")
    return {"gets": 1000 / (took / 1000)}


def page_cache_warm(reopen):
    for folder, _, names in os.walk(TASK["folder"]):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                file.read()
    return cold_gets(reopen)


def page_cache_dropped(reopen):
    subprocess.run(["sync"], check=True)
    try:
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")
    except OSError:
        return None
    return cold_gets(reopen)


def diff(make):
    system, source = loaded(make), random.Random(9)
    last = [system.commit(updates(source, KEYS))]

    def prepare():
        before, last[0] = last[0], system.commit(updates(source, KEYS))
        return before, last[0]

    median, _ = each(300, prepare, lambda both: expect(system.diff(*both), KEYS, "keys that differ"))
    return {"diff": median * 1000}


def merge(make):
    system, source, both = loaded(make), random.Random(10), []

    def prepare():
        both[:] = updates(source, 2 * KEYS)
        return system.sides(both[:KEYS], both[KEYS:])

    median, _ = each(300, prepare, system.merge)
    for key, value in both:
        expect(system.get(key), value, "a merged value")
    return {"merge": median}


def branch(make):
    system, names = loaded(make), iter(range(10**9))
    median, _ = each(1000, lambda: f"branch-{next(names)}", system.branch)
    return {"branch": median * 1000}


def scan(make):
    system, source, found = loaded(make), random.Random(11), []

    def run(prefix):
        found[:] = system.scan(prefix)

    median, _ = each(500, lambda: f"user/{digits(source.randrange(N // 1000) * 1000)[:-3]}", run)
    expect(len(found), 1000, "keys found")
    return {"array": median * 1000}


def history(make):
    system, source, count = loaded(make), random.Random(12), 1000 if QUICK else 10_000
    head = None
    for _ in range(count):
        head = system.commit(updates(source, 1))
    listed = []

    def run(_):
        listed[:] = system.history()

    median, _ = each(20, lambda: None, run)
    expect((len(listed) >= count, listed[0]), (True, head), "the history")
    result = {"history": median}
    if hasattr(system, "merge_base"):
        tips = [system.chain(head, [updates(source, 1) for _ in range(count // 10)]) for _ in range(2)]
        found = lambda _: expect(system.merge_base(*tips), head, "the merge base")  # noqa: E731
        result["base"], _ = each(50, lambda: None, found)
    return result


def footprint(_):
    blocks = (
        os.stat(os.path.join(folder, name)).st_blocks
        for folder, folders, names in os.walk(TASK["folder"])
        for name in folders + names
    )
    return {"size": sum(blocks) * 512 / 1e6}


def process_start(_):
    command = [sys.executable, os.path.abspath(__file__), json.dumps({**TASK, "open": key_of(N // 2)})]
    printed = []
    total = [
        once(lambda: printed.append(subprocess.run(command, capture_output=True, check=True).stdout)) for _ in range(5)
    ]
    empty = [once(lambda: subprocess.run([sys.executable, "-c", "0"], check=True)) for _ in range(5)]
    expect(printed[-1].strip(), b"100", "bytes of the value")
    total, empty = statistics.median(total), statistics.median(empty)
    return {"total": total, "node": empty, "own": total - empty}


RUN = {
    "W1": load, "W1s": load, "W2": one_key, "W2n": lazy_one_key, "W2g": growth, "W4": warm_gets, "W4d": warm_gets,
    "W3": lambda make: {"commit": commits(make, 100, 200)[1][0]}, "W4c": page_cache_warm, "W4x": page_cache_dropped,
    "W5": diff, "W6": merge, "W7": branch, "W8": scan, "W9": history, "W10": footprint, "W11": process_start,
}  # fmt: skip
PREPARED = {"W4c", "W4x", "W10", "W11"}


def prepare(adapter):
    if not hasattr(adapter, "reopen"):
        return {"skipped": "has no store that another process can open"}
    system = adapter.create("disk", TASK["folder"])
    system.load(entries())
    source = random.Random(13)
    for _ in range(100 if QUICK else 1000):
        system.commit(updates(source, 1))
    system.close()
    return {"metrics": {}}


def measure(adapter):
    name = TASK["workload"]
    if name not in RUN:
        return {"skipped": "is not measured in Python"}
    wanted = "disk" if name in PREPARED | {"W2n", "W4d"} else "memory"
    medium = wanted if wanted in TASK["media"] else TASK["media"][0]
    if wanted == "disk" and medium != "disk":
        return {"skipped": "is not on disk"}
    lacks = [method for method in METHODS[name] if not hasattr(adapter.System, method)]
    if lacks:
        return {"skipped": f"has no {lacks[0]}()"}
    metrics = RUN[name](adapter.reopen if name in PREPARED else lambda: adapter.create(medium, TASK["folder"]))
    return {"skipped": "cannot be measured here"} if metrics is None else {"metrics": metrics}


def main():
    try:
        spec = importlib.util.spec_from_file_location("adapter", TASK["adapter"])
        adapter = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(adapter)
    except ImportError as error:
        return {"missing": str(error)}
    try:
        if "open" in TASK:
            return len(adapter.reopen(TASK["folder"]).get(TASK["open"]))
        return measure(adapter) if "workload" in TASK else prepare(adapter)
    except Exception:
        return {"error": traceback.format_exc()}


print(json.dumps(main()))
