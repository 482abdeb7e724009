//! prolly-map, a prolly tree in Rust, in memory: `<program> <workload> <keys> [quick]` prints the metrics as JSON.
use prolly::{Config, MemStore, Mutation, Prolly, Tree};
use std::sync::Arc;
use std::time::Instant;

type Map = Prolly<Arc<MemStore>>;
type Entry = (Vec<u8>, Vec<u8>);

const KEYS: usize = 10;
const SCANNED: usize = 1000;

struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    fn value(&mut self) -> Vec<u8> {
        (0..25).flat_map(|_| self.next().to_le_bytes()).collect()
    }
}

fn key(index: usize, keys: usize) -> Vec<u8> {
    let width = (keys - 1).to_string().len().max(6);
    format!("user/{index:0width$}/profile").into_bytes()
}

fn entries(keys: usize) -> Vec<Entry> {
    let mut random = Random(1);
    (0..keys).map(|i| (key(i, keys), random.value())).collect()
}

fn updates(random: &mut Random, count: usize, keys: usize) -> Vec<Entry> {
    let mut chosen = std::collections::BTreeSet::new();
    while chosen.len() < count {
        chosen.insert(random.below(keys));
    }
    chosen.into_iter().map(|i| (key(i, keys), random.value())).collect()
}

fn apply(map: &Map, tree: &Tree, mut changes: Vec<Entry>) -> Tree {
    if changes.len() == 1 {
        let (key, value) = changes.remove(0);
        return map.put(tree, key, value).unwrap();
    }
    let mutations = changes.into_iter().map(|(key, val)| Mutation::Upsert { key, val });
    map.batch(tree, mutations.collect()).unwrap()
}

/// Median and mean in microseconds, after a warm-up.
fn each<T>(rounds: usize, mut prepare: impl FnMut() -> T, mut run: impl FnMut(T)) -> (f64, f64) {
    let mut times = Vec::new();
    for round in 0..rounds + rounds / 2 {
        let prepared = prepare();
        let start = Instant::now();
        run(prepared);
        if round >= rounds / 2 {
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times.iter().sum::<f64>() / times.len() as f64)
}

fn commits(map: &Map, mut tree: Tree, keys: usize, count: usize, rounds: usize) -> (f64, f64) {
    let mut random = Random(3);
    each(rounds, || updates(&mut random, count, keys), |changes| tree = apply(map, &tree, changes))
}

fn inserts(map: &Map, mut tree: Tree, keys: usize, rounds: usize) -> f64 {
    let mut random = Random(4);
    let mut prepare = || {
        let name = format!("user/{:06}/avatar{}", random.below(keys), random.next());
        vec![(name.into_bytes(), random.value())]
    };
    each(rounds, &mut prepare, |changes| tree = apply(map, &tree, changes)).0
}

fn gets(map: &Map, tree: &Tree, keys: usize, limit: usize, rounds: usize) -> f64 {
    let mut random = Random(7);
    let (median, _) = each(
        rounds,
        || (0..1000).map(|_| key(random.below(limit), keys)).collect::<Vec<_>>(),
        |wanted| {
            let found: usize = wanted.iter().map(|key| map.get(tree, key).unwrap().unwrap().len()).sum();
            assert_eq!(found, 100 * 1000);
        },
    );
    1000.0 / (median / 1e6)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let keys: usize = arguments[2].parse().unwrap();
    let rounds = |usual: usize| if arguments.len() > 3 { usual / 4 } else { usual };
    let map = Prolly::new(Arc::new(MemStore::new()), Config::default());
    let mut all = entries(keys);
    if arguments[1] == "W1s" {
        let mut random = Random(2);
        for i in (1..keys).rev() {
            all.swap(i, random.below(i + 1));
        }
    }
    let middle = all[keys / 2].clone();
    let start = Instant::now();
    let tree = map.build_from_entries(all).unwrap();
    let load = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(map.get(&tree, &middle.0).unwrap(), Some(middle.1));
    let mut random = Random(9);
    let metrics = match arguments[1].as_str() {
        "W1" | "W1s" => format!("\"load\":{load}"),
        "W2" => {
            let (update, mean) = commits(&map, tree.clone(), keys, 1, rounds(2000));
            let insert = inserts(&map, tree, keys, rounds(2000));
            format!("\"update\":{update},\"mean\":{mean},\"insert\":{insert}")
        }
        "W3" => format!("\"commit\":{}", commits(&map, tree, keys, 100, rounds(200)).0 / 1e3),
        "W4" => {
            let uniform = gets(&map, &tree, keys, keys, rounds(500));
            format!("\"uniform\":{uniform},\"hot\":{}", gets(&map, &tree, keys, keys.min(1000), rounds(500)))
        }
        "W5" => {
            let mut last = tree;
            let prepare = || {
                let changed = apply(&map, &last, updates(&mut random, KEYS, keys));
                (std::mem::replace(&mut last, changed.clone()), changed)
            };
            let (median, _) = each(rounds(300), prepare, |(a, b)| assert_eq!(map.diff(&a, &b).unwrap().len(), KEYS));
            format!("\"diff\":{median}")
        }
        "W6" => {
            let prepare = || {
                let all = updates(&mut random, 2 * KEYS, keys);
                let sides = [apply(&map, &tree, all[..KEYS].to_vec()), apply(&map, &tree, all[KEYS..].to_vec())];
                (sides, all)
            };
            let mut merged = Vec::new();
            let (median, _) = each(rounds(300), prepare, |(sides, all)| {
                merged.push((map.merge(&tree, &sides[0], &sides[1], None).unwrap(), all));
            });
            let (last, all) = merged.pop().unwrap();
            for (key, value) in all {
                assert_eq!(map.get(&last, &key).unwrap(), Some(value));
            }
            format!("\"merge\":{}", median / 1e3)
        }
        "W8" => {
            let prepare = || {
                let first = key(random.below(keys / SCANNED) * SCANNED, keys);
                first[..first.len() - "000/profile".len()].to_vec()
            };
            let (median, _) = each(rounds(500), prepare, |prefix| {
                let found: Vec<Entry> = map.prefix(&tree, &prefix).unwrap().map(Result::unwrap).collect();
                assert_eq!(found.len(), SCANNED);
            });
            format!("\"array\":{median}")
        }
        _ => {
            println!("{{\"skipped\":\"is not measured in Rust\"}}");
            return;
        }
    };
    println!("{{\"metrics\":{{{metrics}}}}}");
}
