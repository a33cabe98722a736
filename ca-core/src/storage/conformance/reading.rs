//! Reading: one key, ranges, limits, order.

use super::{Bench, Change, Check, Finding, KeyRange, OTHERS, THINGS, THINGS_TOO, same};

pub(super) const CHECKS: &[Check] = &[
    Check { name: "an empty store has nothing", run: empty },
    Check { name: "a value reads as it was written", run: as_written },
    Check { name: "several keys read at once are what each is, in the order asked", run: several },
    Check { name: "tables do not share keys", run: tables_are_apart },
    Check { name: "a scan is in byte order", run: order },
    Check { name: "a scan ends at its limit", run: limit },
    Check { name: "a range includes its beginning and excludes its end", run: bounds },
    Check { name: "a range that ends before it begins is empty", run: inverted },
    Check { name: "a prefix finds all that begin with it and nothing else", run: prefix },
    Check { name: "a prefix of 0xff octets runs to the end of its table", run: prefix_of_ff },
    Check { name: "pages follow one another without gap or repetition", run: pages },
    Check { name: "a cursor does not widen its range", run: cursor },
    Check { name: "a scan carries versions and values", run: scan_is_complete },
];

fn insert(bench: &Bench, keys: &[&[u8]]) -> Finding {
    keys.iter().try_for_each(|key| bench.commit(Change::new().insert(THINGS, *key, "v")))
}

fn owned(keys: &[&[u8]]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| key.to_vec()).collect()
}

fn empty(bench: &Bench) -> Finding {
    same("get", bench.find(THINGS, b"a")?, None)?;
    same("scan", bench.keys(THINGS, &KeyRange::all(), 10)?, Vec::new())
}

fn as_written(bench: &Bench) -> Finding {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    bench.commit(Change::new().insert(THINGS, "a", all.clone()).insert(THINGS, all.clone(), Vec::new()))?;
    bench.commit(Change::new().insert(THINGS, Vec::new(), "under the empty key"))?;
    same("value", bench.value(THINGS, b"a")?, Some(all.clone()))?;
    same("empty value", bench.value(THINGS, &all)?, Some(Vec::new()))?;
    same("empty key", bench.value(THINGS, b"")?, Some(b"under the empty key".to_vec()))
}

fn several(bench: &Bench) -> Finding {
    same("of an empty store", bench.find_many(THINGS, &[b"a", b""])?, vec![None, None])?;
    bench.commit(Change::new().insert(THINGS, "a", vec![1; 50_000]).insert(THINGS, "c", Vec::new()))?;
    bench.commit(Change::new().insert(THINGS, Vec::new(), "under the empty key").insert(OTHERS, "b", "2"))?;
    let keys: [&[u8]; 6] = [b"c", b"b", b"a", b"", b"c", b"a\x00"];
    let each = keys.iter().map(|key| bench.find(THINGS, key)).collect::<Result<Vec<_>, _>>()?;
    same("each", bench.find_many(THINGS, &keys)?, each)?;
    same("none asked for", bench.find_many(THINGS, &[])?, Vec::new())?;
    let many: Vec<Vec<u8>> = (0..1_000_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    bench.commit(
        many.iter().step_by(3).fold(Change::new(), |all, key| all.insert(OTHERS, key.clone(), "x")),
    )?;
    let asked: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    let found: Vec<bool> = bench.find_many(OTHERS, &asked)?.iter().map(Option::is_some).collect();
    same("every third", found, (0..1_000).map(|number| number % 3 == 0).collect())
}

fn tables_are_apart(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "_too", "1").insert(THINGS_TOO, "a", "2"))?;
    same("other table", bench.find(OTHERS, b"_too")?, None)?;
    same("this table", bench.keys(THINGS, &KeyRange::all(), 10)?, owned(&[b"_too"]))?;
    same("longer name", bench.keys(THINGS_TOO, &KeyRange::all(), 10)?, owned(&[b"a"]))
}

fn order(bench: &Bench) -> Finding {
    insert(bench, &[b"b", b"\xff", b"a\xff", b"a", b"\x00", b"ab", b""])?;
    let expected = owned(&[b"", b"\x00", b"a", b"ab", b"a\xff", b"b", b"\xff"]);
    same("keys", bench.keys(THINGS, &KeyRange::all(), 10)?, expected)
}

fn limit(bench: &Bench) -> Finding {
    insert(bench, &[b"a", b"b", b"c"])?;
    same("none", bench.keys(THINGS, &KeyRange::all(), 0)?, owned(&[]))?;
    same("two", bench.keys(THINGS, &KeyRange::all(), 2)?, owned(&[b"a", b"b"]))?;
    same("all", bench.keys(THINGS, &KeyRange::all(), usize::MAX)?, owned(&[b"a", b"b", b"c"]))
}

fn bounds(bench: &Bench) -> Finding {
    insert(bench, &[b"a", b"b", b"c", b"d"])?;
    let range = |from: Option<&[u8]>, until: Option<&[u8]>| KeyRange {
        from: from.map(<[u8]>::to_vec),
        until: until.map(<[u8]>::to_vec),
    };
    same("both", bench.keys(THINGS, &range(Some(b"b"), Some(b"d")), 10)?, owned(&[b"b", b"c"]))?;
    same("from", bench.keys(THINGS, &range(Some(b"c"), None), 10)?, owned(&[b"c", b"d"]))?;
    same("until", bench.keys(THINGS, &range(None, Some(b"b")), 10)?, owned(&[b"a"]))
}

fn inverted(bench: &Bench) -> Finding {
    insert(bench, &[b"a", b"b", b"c"])?;
    for (from, until) in [("c", "a"), ("b", "b")] {
        let range = KeyRange { from: Some(from.into()), until: Some(until.into()) };
        same("keys", bench.keys(THINGS, &range, 10)?, Vec::new())?;
    }
    Ok(())
}

fn prefix(bench: &Bench) -> Finding {
    insert(bench, &[b"a", b"a/", b"a/1", b"a/\xff\xff", b"a0", b"b/1"])?;
    let expected = owned(&[b"a/", b"a/1", b"a/\xff\xff"]);
    same("a/", bench.keys(THINGS, &KeyRange::prefix(b"a/"), 10)?, expected)?;
    same("all", bench.keys(THINGS, &KeyRange::prefix(b""), 10)?.len(), 6)
}

fn prefix_of_ff(bench: &Bench) -> Finding {
    insert(bench, &[b"a", b"\xfe\xff", b"\xff", b"\xff\xff", b"\xff\xff\x01"])?;
    bench.commit(Change::new().insert(THINGS_TOO, "z", "v").insert(OTHERS, "\u{7f}", "v"))?;
    let ff = KeyRange::prefix(b"\xff");
    same("one", bench.keys(THINGS, &ff, 10)?, owned(&[b"\xff", b"\xff\xff", b"\xff\xff\x01"]))?;
    let ffff = KeyRange::prefix(b"\xff\xff");
    same("two", bench.keys(THINGS, &ffff, 10)?, owned(&[b"\xff\xff", b"\xff\xff\x01"]))?;
    same("fe ff", bench.keys(THINGS, &KeyRange::prefix(b"\xfe\xff"), 10)?, owned(&[b"\xfe\xff"]))
}

fn pages(bench: &Bench) -> Finding {
    let all = owned(&[b"p/", b"p/a", b"p/a\x00", b"p/a\x00\x00", b"p/b", b"p/\xff"]);
    insert(bench, &[b"o", b"p/", b"p/a", b"p/a\x00", b"p/a\x00\x00", b"p/b", b"p/\xff", b"q"])?;
    for size in 1..=all.len() {
        let (mut range, mut read) = (KeyRange::prefix(b"p/"), Vec::new());
        loop {
            let page = bench.keys(THINGS, &range, size)?;
            let Some(last) = page.last() else { break };
            range = KeyRange::prefix(b"p/").after(last);
            read.extend(page);
        }
        same("pages", read, all.clone())?;
    }
    Ok(())
}

fn cursor(bench: &Bench) -> Finding {
    insert(bench, &[b"a/1", b"b/1", b"c/1"])?;
    for cursor in [&b""[..], b"a/1", b"b/"] {
        let range = KeyRange::prefix(b"b/").after(cursor);
        same("keys", bench.keys(THINGS, &range, 10)?, owned(&[b"b/1"]))?;
    }
    same("beyond", bench.keys(THINGS, &KeyRange::prefix(b"b/").after(b"c/"), 10)?, Vec::new())
}

fn scan_is_complete(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1").insert(THINGS, "b", vec![2; 50_000]))?;
    for (key, entry) in bench.scan(THINGS, &KeyRange::all(), 10)? {
        same("entry", Some(entry), bench.find(THINGS, &key)?)?;
    }
    Ok(())
}
