"""prollytree: a prolly tree in Rust under git commits, called from Python."""

import os
import subprocess

from prollytree import StorageBackend, VersionedKvStore


def create(medium, folder):
    path = os.path.join(folder, "data")
    os.makedirs(path, exist_ok=True)
    for command in (["init", "-q"], ["config", "user.name", "a"], ["config", "user.email", "a@a"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return System(VersionedKvStore(path, StorageBackend.InMemory if medium == "memory" else StorageBackend.Git), folder)


def reopen(folder):
    return System(VersionedKvStore.open(os.path.join(folder, "data"), StorageBackend.Git), folder)


class System:
    def __init__(self, store, folder):
        self.store = store
        self.folder = folder

    def commit(self, entries):
        for key, value in entries:
            self.store.insert(key.encode(), value)
        return self.store.commit("x")

    load = commit

    def get(self, key):
        return self.store.get(key.encode())

    def diff(self, a, b):
        return len(self.store.diff(a, b))

    def branch(self, name):
        self.store.branch(name)

    def history(self):
        return [commit["id"] for commit in self.store.get_commit_history()]

    def close(self):
        del self.store
