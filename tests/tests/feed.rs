//! The status feed: published, carried by hand, and judged by whoever holds its key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use tests::npki::text;
use tests::{Country, bystander};

#[test]
fn the_feed_is_written_to_files_that_continue_each_other_and_cannot_be_altered() {
    let country = Country::populated();
    let installation = &country.installation;
    let (data, scratch) = (installation.data(), installation.scratch("feed"));
    let operator = installation.somebody("operator");
    let key = operator.done(&["feed", "key", "--data", text(&data)])["key"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(data.join("certificates/feed.vkey")).unwrap().trim(), key);
    let published =
        |path: &str| bystander::fetch(installation, &format!("{}/status/{path}", installation.public_url()));
    assert_eq!(String::from_utf8(published("key").body).unwrap().trim(), key);

    // On its own machine, and from afar with the key alone: the same.
    let first = scratch.join("first.feed");
    let own = operator.done(&["feed", "export", "--data", text(&data), "--out", text(&first)]);
    let url = format!("{}/", installation.public_url());
    let issuing = own["cas"].as_array().unwrap().iter().find(|ca| ca["ca"] == "issuing").unwrap();
    assert!(issuing["good"].as_u64().unwrap() > 3 && issuing["revoked"] == 0, "{own}");
    let serial = &country.certificate("person-signature").serial;
    country.revoke(serial, "key-compromise");
    let second = scratch.join("second.feed");
    let export = ["feed", "export", "--from", &url, "--key", &key, "--out"];
    let after = operator.done(&[&export[..], &[text(&second), "--after", text(&first)]].concat());
    assert_eq!(after["after"], own["until"], "{after}");
    assert!(after["until"].as_u64() > own["until"].as_u64(), "{after}");
    assert!(after["octets"].as_u64().unwrap() < 2_000, "{after}");
    let all = scratch.join("all.feed");
    let give_up = Instant::now() + Duration::from_secs(70);
    // Caches, and those who come at the same time, are given the same snapshot for a while.
    loop {
        let told = operator.done(&[&export[..], &[text(&all)]].concat());
        let issuing =
            told["cas"].as_array().unwrap().iter().find(|ca| ca["ca"] == "issuing").unwrap().clone();
        if issuing["revoked"] == 1 {
            break;
        }
        assert!(Instant::now() < give_up, "{told}");
        std::fs::remove_file(&all).unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    let verified = operator.done(&["feed", "verify", text(&all), "--key", &key]);
    assert_eq!(verified["messages"].as_u64().map(|messages| messages >= 2), Some(true), "{verified}");

    // Never over another file, and under no other key.
    let refused = operator.refused(6, &[&export[..], &[text(&all)]].concat());
    assert_eq!(refused.code, "E-FILE-003");
    let ledger_key = std::fs::read_to_string(installation.log_key()).unwrap();
    let refused = operator.refused(3, &["feed", "verify", text(&all), "--key", ledger_key.trim()]);
    assert_eq!(refused.code, "E-FEED-002");
    let refused = operator.refused(2, &["feed", "verify", text(&all), "--key", "nonsense"]);
    assert_eq!(refused.code, "E-FEED-001");
    // Neither altered nor cut, nor put together of parts that do not continue each other.
    let octets = std::fs::read(&all).unwrap();
    let altered = scratch.join("altered.feed");
    let mut flipped = octets.clone();
    let place = flipped.len() / 2;
    flipped[place] ^= 1;
    let swapped = [std::fs::read(&second).unwrap(), octets.clone()].concat();
    for wrong in [&flipped, &octets[..octets.len() - 1].to_vec(), &swapped, &Vec::new()] {
        std::fs::write(&altered, wrong).unwrap();
        let refused = operator.refused(3, &["feed", "verify", text(&altered), "--key", &key]);
        assert_eq!(refused.code, "E-FEED-002");
    }
    // A place that this ledger has not.
    assert_eq!(published(&format!("after/7/{}", "00".repeat(32))).status, 410);
    assert_eq!(published("after/seven/00").status, 404);
}
