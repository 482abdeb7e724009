"""kvgit: a hash trie under git-like commits; the descendant of the library that vkv's API comes from."""

from kvgit import Repo
from kvgit.kv.memory import Memory


def create(medium, folder):
    if medium == "memory":
        return System(Memory())
    from kvgit.kv.disk import Disk

    return System(Disk(folder))


def reopen(folder):
    return create("disk", folder)


class System:
    def __init__(self, store):
        self.store = store
        self.repo = Repo(store, codec="bytes")
        self.main = self.repo.worktree("main", create=True)
        self.sides_made = 0

    def commit(self, entries):
        return self._commit(self.main, entries)

    load = commit

    @staticmethod
    def _commit(worktree, entries):
        for key, value in entries:
            worktree[key] = value
        worktree.commit()
        return worktree.head

    def get(self, key):
        return self.main.get(key)

    def get_many(self, keys):
        return len(self.main.get_many(*keys))

    def scan(self, prefix):
        # It has no ordered scan: all keys are listed.
        keys = [key for key in self.main.keys() if key.startswith(prefix)]
        return list(self.main.get_many(*keys).items())

    def diff(self, a, b):
        found = self.repo.diff(a, b)
        return len(found.added) + len(found.removed) + len(found.modified)

    def _side(self, at):
        self.sides_made += 1
        name = f"side-{self.sides_made}"
        self.repo.branches.create(name, at=at)
        return self.repo.worktree(name)

    def sides(self, ours, theirs):
        side = self._side(self.main.head)
        self._commit(side, theirs)
        self._commit(self.main, ours)
        return side.branch

    def merge(self, branch):
        self.main.merge(branch=branch)

    def branch(self, name):
        self.repo.branches.create(name, at=self.main.head)

    def history(self):
        return [commit.hash for commit in self.repo.log(branch="main")]

    def merge_base(self, a, b):
        return self.repo.merge_base(a, b)

    def chain(self, at, commits):
        side = self._side(at)
        for entries in commits:
            self._commit(side, entries)
        return side.head

    def stored_bytes(self):
        return sum(len(key.encode()) + len(value) for key, value in self.store.items())

    def close(self):
        self.repo.close()
