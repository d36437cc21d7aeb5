//! How lists are read to their end, whatever the server does.

use std::collections::BTreeSet;

use dovetail_sdk::connector::http::Failure;
use dovetail_sdk::connector::types::Cause;

use super::*;

fn companies(seen: &Seen) -> bool {
    seen.path == "/company/companies"
}

#[test]
fn quirk_truncated_at_25() {
    // The server does not listen to pageSize; once with forward-only paging, once without any Link.
    for with_link in [true, false] {
        let all_ids: Vec<u64> = (1..=130).collect();
        let wanted = all_ids.clone();
        let (mut connection, log) = connection(move |seen| {
            companies(seen).then(|| {
                let mut answer = shelf(seen, &all_ids, 25).unwrap();
                if !with_link {
                    answer.headers.clear();
                }
                Ok(answer)
            })
        });
        let pages = every_page(&mut connection, &context(), &all("organization")).unwrap();
        assert_eq!(ids(&pages), wanted, "with link: {with_link}");
        assert!(
            log.borrow()
                .iter()
                .filter(|seen| companies(seen))
                .all(|seen| seen.number("pageSize") == 1_000)
        );
    }
}

#[test]
fn quirk_forward_only_has_no_order_and_no_page_number() {
    let (mut connection, log) =
        connection(|seen| companies(seen).then(|| shelf(seen, &[1, 2, 3, 5, 8], 1_000)));
    let context = with_option(context(), "page-size", "2");
    let pages = every_page(&mut connection, &context, &all("organization")).unwrap();
    assert_eq!(ids(&pages), [1, 2, 3, 5, 8]);
    assert!(pages.iter().all(|page| page.items.len() <= 2));
    let log = log.borrow();
    let asked: Vec<&Seen> = log.iter().filter(|seen| companies(seen)).collect();
    assert_eq!(
        asked
            .iter()
            .map(|seen| seen.parameter("pageId"))
            .collect::<Vec<_>>(),
        ["", "2", "5", "8"]
    );
    for seen in asked {
        assert!(
            seen.headers
                .get("pagination-type")
                .is_some_and(|kind| kind == "forward-only")
        );
        assert!(!seen.query.contains_key("orderBy") && !seen.query.contains_key("page"));
    }
}

#[test]
fn quirk_link_headers_are_never_followed() {
    let (mut connection, log) = connection(|seen| companies(seen).then(|| shelf(seen, &[1, 2, 3], 1)));
    every_page(&mut connection, &context(), &all("organization")).unwrap();
    assert!(log.borrow().len() > 3 && log.borrow().iter().all(|seen| !seen.url.contains("evil")));
}

#[test]
fn quirk_the_end_is_an_empty_list_an_empty_link_or_an_id_that_does_not_grow() {
    let cases: [(&str, &str); 3] = [
        ("[]", "<https://x/y?pageId=99>; rel=\"next\""),
        (r#"[{"id":4,"types":[]}]"#, ""),
        (r#"[{"id":4,"types":[]}]"#, "<https://x/y?pageId=3>; rel=\"next\""),
    ];
    for (body, link) in cases {
        let (mut connection, log) = connection(move |seen| {
            companies(seen).then(|| match seen.number("pageId") {
                0 => linked(&records([1, 2, 3]), "<https://x/y?pageId=3>; rel=\"next\""),
                _ => linked(body, link),
            })
        });
        every_page(&mut connection, &context(), &all("organization")).unwrap();
        assert_eq!(
            log.borrow().iter().filter(|seen| companies(seen)).count(),
            2,
            "{body} {link}"
        );
    }
}

#[test]
fn quirk_server_without_forward_only_paging_loses_nothing() {
    // It pages by number, in an order of its own, and says so by a Link without pageId.
    let stored: Vec<u64> = (1..=40).rev().collect();
    let (mut connection, log) = connection(move |seen| {
        companies(seen).then(|| {
            if seen.parameter("orderBy") == "id asc" {
                let sorted: Vec<u64> = (1..=40).collect();
                return shelf(seen, &sorted, 1_000);
            }
            linked(
                &records(stored.iter().copied().take(10)),
                "<https://x/y?page=2>; rel=\"next\"",
            )
        })
    });
    let context = with_option(context(), "page-size", "10");
    let pages = every_page(&mut connection, &context, &all("organization")).unwrap();
    assert_eq!(ids(&pages), (1..=40).collect::<Vec<_>>());
    assert!(
        log.borrow()
            .iter()
            .filter(|seen| seen.query.contains_key("orderBy"))
            .all(|seen| !seen.headers.contains_key("pagination-type"))
    );
}

#[test]
fn quirk_500_at_the_end_of_a_forward_only_sweep() {
    let (mut connection, _) = connection(|seen| {
        companies(seen).then(|| {
            if seen.headers.contains_key("pagination-type") && seen.number("pageId") >= 4 {
                return status(
                    500,
                    r#"{"code":"ConnectWiseApi","message":"String was not recognized as a valid Boolean."}"#,
                );
            }
            shelf(seen, &[1, 2, 3, 4, 5, 6], 2)
        })
    });
    let pages = every_page(
        &mut connection,
        &with_option(context(), "page-size", "2"),
        &all("organization"),
    )
    .unwrap();
    assert_eq!(ids(&pages), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_page_too_large_is_halved_and_stays_halved() {
    let (mut connection, log) = connection(|seen| {
        companies(seen).then(|| match seen.number("pageSize") > 300 {
            true => Err(Failure::TooLarge(25 << 20)),
            false => shelf(seen, &(1..=600).collect::<Vec<_>>(), 1_000),
        })
    });
    let pages = every_page(&mut connection, &context(), &all("organization")).unwrap();
    assert_eq!(ids(&pages).len(), 600);
    let sizes: Vec<u64> = log
        .borrow()
        .iter()
        .filter(|seen| companies(seen))
        .map(|seen| seen.number("pageSize"))
        .collect();
    assert_eq!(sizes, [1_000, 500, 250, 250, 250, 250]);
    let (mut never, _) =
        super::connection(|seen| companies(seen).then_some(Err(Failure::TooLarge(25 << 20))));
    assert!(matches!(
        never
            .pull(&context(), &all("organization"), None)
            .unwrap_err()
            .cause,
        Cause::TooLarge
    ));
}

#[test]
fn a_cursor_needs_nothing_but_itself() {
    let answer = |seen: &Seen| companies(seen).then(|| shelf(seen, &(1..=30).collect::<Vec<_>>(), 1_000));
    let context = with_option(context(), "page-size", "7");
    let (mut one, _) = connection(answer);
    let whole = ids(&every_page(&mut one, &context, &all("organization")).unwrap());
    let (mut cursor, mut pieced) = (None::<String>, Vec::new());
    loop {
        let (mut fresh, _) = connection(answer);
        let page = fresh
            .pull(&context, &all("organization"), cursor.as_deref())
            .unwrap();
        pieced.extend(ids(std::slice::from_ref(&page)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pieced, whole);
    assert!(matches!(
        one.pull(&context, &all("organization"), Some("}"))
            .unwrap_err()
            .cause,
        Cause::Bug
    ));
}

#[test]
fn quirk_broken_and_dirty_bodies() {
    let (mut broken, _) = connection(|seen| companies(seen).then(|| ok(r#"[{"id":1},{"id""#)));
    assert!(matches!(
        broken
            .pull(&context(), &all("organization"), None)
            .unwrap_err()
            .cause,
        Cause::Transient
    ));
    let (mut dirty, _) = connection(|seen| {
        companies(seen).then(|| linked("[{\"id\":1,\"name\":\"A\0B\tC\",\"types\":[]}]", ""))
    });
    let page = dirty.pull(&context(), &all("organization"), None).unwrap();
    assert_eq!(page.items[0].record_found.name, "AB C");
    assert!(!page.items[0].record_found.json.contains('\0'));
}

#[test]
fn quirk_ticket_query_that_times_out_is_cut_and_never_repeated() {
    // Tickets 1..=4000 on boards 1 and 2; whatever covers more than 600 tickets runs out of time.
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/service/boards/1/statuses" => Some(linked(&records([11]), "")),
        "/service/boards/2/statuses" => Some(linked(&records([21, 22]), "")),
        "/service/tickets" if seen.parameter("orderBy") == "id desc" => Some(ok(r#"[{"id":4000}]"#)),
        "/service/tickets" => {
            let conditions = seen.parameter("conditions").to_owned();
            let list = |field: &str| -> Option<BTreeSet<u64>> {
                let (_, rest) = conditions.split_once(field)?;
                let rest = rest
                    .split(" and ")
                    .next()?
                    .trim_start_matches([' ', 'i', 'n', '=', '('])
                    .trim_end_matches(')');
                Some(rest.split(',').map(|id| id.parse().unwrap()).collect())
            };
            let upto: u64 = conditions.split_once("id<=").map_or(u64::MAX, |(_, rest)| {
                rest.split(' ').next().unwrap().parse().unwrap()
            });
            let (boards, statuses) = (list("board/id"), list("status/id"));
            let matching: Vec<u64> = (1..=4_000u64)
                .filter(|id| *id > seen.number("pageId") && *id <= upto)
                .filter(|id| {
                    boards
                        .as_ref()
                        .is_none_or(|boards| boards.contains(&(id % 2 + 1)))
                })
                .filter(|id| {
                    statuses.as_ref().is_none_or(|statuses| {
                        statuses.contains(&match (id % 2 + 1, id % 4) {
                            (1, _) => 11,
                            (_, 1) => 21,
                            _ => 22,
                        })
                    })
                })
                .collect();
            Some(match matching.len() > 600 {
                true => status(
                    500,
                    r#"{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}"#,
                ),
                false => shelf(seen, &matching, 1_000),
            })
        }
        _ => None,
    });
    let context = with_option(
        choosing(&[("ticket-boards", &["1", "2"])]),
        "ticket-window",
        "all",
    );
    let pages = every_page(&mut connection, &context, &all("ticket")).unwrap();
    let mut found = ids(&pages);
    found.sort_unstable();
    assert_eq!(found, (1..=4_000).collect::<Vec<_>>(), "each ticket once");
    let log = log.borrow();
    let asked: Vec<&str> = log
        .iter()
        .filter(|seen| seen.path == "/service/tickets")
        .map(|seen| seen.url.as_str())
        .collect();
    let mut distinct: Vec<&str> = asked.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let newest = asked.iter().filter(|url| url.contains("desc")).count();
    assert_eq!(
        asked.len() - newest,
        distinct.len() - newest.min(1),
        "no query was sent twice"
    );
    assert!(
        log.iter()
            .any(|seen| seen.parameter("conditions").contains("status/id=21")),
        "cut by status"
    );
    assert!(
        log.iter()
            .any(|seen| seen.parameter("conditions").contains("id<=")),
        "cut by id"
    );
}

#[test]
fn a_ticket_query_that_cannot_be_cut_ends_as_transient() {
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/service/tickets" if seen.parameter("orderBy") == "id desc" => Some(ok(r#"[{"id":300}]"#)),
        "/service/tickets" => Some(Err(Failure::Timeout)),
        _ => None,
    });
    let fault = every_page(&mut connection, &context(), &all("ticket"))
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(fault.cause, Cause::Transient));
    assert_eq!(
        log.borrow()
            .iter()
            .filter(|seen| seen.path == "/service/tickets")
            .count(),
        2
    );
}

fn sites_of(parents: &[&str]) -> Listing {
    Listing {
        parents: parents.iter().map(|id| (*id).to_owned()).collect(),
        ..all("location")
    }
}

#[test]
fn quirk_sites_need_a_call_per_company_and_more_where_a_page_is_full() {
    let (mut connection, log) = connection(|seen| {
        if seen.path == "/company/contacts" {
            return Some(linked(
                r#"[{"id":4,"communicationItems":[{"id":1,"value":"a@b.c"}]}]"#,
                "",
            ));
        }
        let company: u64 = seen
            .path
            .strip_prefix("/company/companies/")?
            .strip_suffix("/sites")?
            .parse()
            .ok()?;
        let count = if company == 2 { 30 } else { 3 };
        let ids: Vec<u64> = (1..=count).map(|site| company * 1_000 + site).collect();
        Some(shelf(seen, &ids, 1_000))
    });
    for size in ["1000", "7", "1"] {
        let context = with_option(context(), "page-size", size);
        let pages = every_page(&mut connection, &context, &sites_of(&["1", "2", "3", "4"])).unwrap();
        let mut found = ids(&pages);
        found.sort_unstable();
        let wanted: Vec<u64> = (1_001..=1_003)
            .chain(2_001..=2_030)
            .chain(3_001..=3_003)
            .chain(4_001..=4_003)
            .collect();
        assert_eq!(found, wanted, "page size {size}");
        let limit: usize = size.parse().unwrap();
        assert!(
            pages.iter().all(|page| page.items.len() <= limit),
            "page size {size}"
        );
        if limit > wanted.len() {
            assert_eq!(pages.len(), 1, "all companies are asked at once");
        }
    }
    // What comes with its parent is not asked for.
    log.borrow_mut().clear();
    let pages = every_page(&mut connection, &context(), &all("contact")).unwrap();
    assert!(pages[0].items[0].record_found.json.contains("a@b.c"));
    let asked: Vec<String> = log.borrow().iter().map(|seen| seen.path.clone()).collect();
    assert_eq!(asked, ["/company/contacts"]);
}

#[test]
fn quirk_one_company_refused_or_gone_does_not_end_all() {
    let forbidden =
        r#"{"code":"Unauthorized","message":"You do not have security permission to perform this action."}"#;
    let (mut connection, _) = connection(move |seen| {
        let company: u64 = seen
            .path
            .strip_prefix("/company/companies/")?
            .strip_suffix("/sites")?
            .parse()
            .ok()?;
        Some(match company {
            1 => status(403, forbidden),
            2 => status(404, r#"{"code":"NotFound","message":"Company 2 not found"}"#),
            4 => status(403, forbidden),
            5 => status(403, forbidden),
            _ => shelf(seen, &[company * 10], 1_000),
        })
    });
    assert_eq!(
        ids(&every_page(&mut connection, &context(), &sites_of(&["1", "2", "3"])).unwrap()),
        [30]
    );
    let all_refused = connection
        .pull(&context(), &sites_of(&["4", "5"]), None)
        .unwrap_err();
    assert!(matches!(all_refused.cause, Cause::Permission(_)));
}

#[test]
fn many_sites_too_large_together_are_asked_in_smaller_batches() {
    let mut budget = 0;
    let (mut connection, _) = connection(move |seen| {
        let company: u64 = seen
            .path
            .strip_prefix("/company/companies/")?
            .strip_suffix("/sites")?
            .parse()
            .ok()?;
        budget += 1;
        Some(if budget % 4 == 0 {
            Err(Failure::TooLarge(1))
        } else {
            shelf(seen, &[company], 1_000)
        })
    });
    let parents: Vec<String> = (1..=20).map(|id: u64| id.to_string()).collect();
    let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
    let mut found = ids(&every_page(&mut connection, &context(), &sites_of(&parents)).unwrap());
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, (1..=20).collect::<Vec<_>>());
}

#[test]
fn ids_alone_are_asked_for_with_one_field() {
    let (mut connection, log) = connection(|seen| {
        (companies(seen) || seen.path.ends_with("/sites")).then(|| shelf(seen, &[3, 4], 1_000))
    });
    assert_eq!(
        connection
            .list_ids(&context(), &all("organization"), None)
            .unwrap()
            .ids,
        ["3", "4"]
    );
    assert_eq!(
        connection
            .list_ids(&context(), &sites_of(&["9"]), None)
            .unwrap()
            .ids,
        ["3", "4"]
    );
    assert!(
        log.borrow()
            .iter()
            .skip(1)
            .all(|seen| seen.parameter("fields") == "id")
    );
}

#[test]
fn counts_add_up_over_slices_and_are_none_where_the_server_cannot_say() {
    let many: Vec<String> = (90_000..90_400).map(|id: u32| id.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (mut connection, _) =
        connection(|seen| (seen.path == "/company/configurations/count").then(|| ok(r#"{"count":5}"#)));
    let context = choosing(&[("configuration-types", &many)]);
    assert_eq!(
        connection.count(&context, &all("configuration")).unwrap(),
        Some(20)
    );
    assert_eq!(connection.count(&context, &all("contact")).unwrap(), None);
    assert_eq!(connection.count(&context, &all("location")).unwrap(), None);
}

#[test]
fn many_records_are_read_in_lists_and_only_the_missing_one_by_one() {
    let (mut connection, log) = connection(|seen| match seen.path.as_str() {
        "/company/configurations" => Some(ok(&records((1..=50).filter(|id| *id != 7 && *id != 9)))),
        "/company/configurations/7" => Some(status(404, r#"{"code":"NotFound","message":"gone"}"#)),
        "/company/configurations/9" => Some(status(403, "{}")),
        _ => None,
    });
    let wanted: Vec<String> = (1..=50)
        .map(|id: u64| id.to_string())
        .chain(["x".into()])
        .collect();
    let answers = connection.fetch(
        &context(),
        "configuration",
        &by_id(wanted.iter().map(String::as_str)),
    );
    assert_eq!(answers.len(), 51);
    for (place, answer) in answers.iter().enumerate() {
        match (place + 1, answer) {
            (7, Err(fault)) => assert!(matches!(fault.cause, Cause::Gone)),
            (9, Err(fault)) => assert!(matches!(fault.cause, Cause::Permission(_))),
            (51, Err(fault)) => assert!(matches!(fault.cause, Cause::Data(_))),
            (id, Ok(found)) => assert_eq!(found.record_found.id, id.to_string()),
            (id, Err(fault)) => panic!("{id}: {}", fault.message),
        }
    }
    assert_eq!(
        log.borrow().len(),
        4,
        "company info, one list, two single records"
    );
}

/// Nothing is asserted about time; the number is printed for people (`cargo test -- --ignored --nocapture`).
#[test]
#[ignore = "a measurement"]
fn measure_a_page_of_configurations() {
    let question = |number: u32| {
        format!(
            r#"{{"answerId":{number},"questionId":{number},"question":"What is item {number}?","answer":"value {number}","sequenceNumber":1.0,"numberOfDecimals":0,"fieldType":"Text","requiredFlag":false}}"#
        )
    };
    let questions: Vec<String> = (0..8).map(question).collect();
    let reference = |name: &str| {
        format!(
            r#"{{"id":4,"name":"{name}","_info":{{"{name}_href":"https://na.myconnectwise.net/v2025_1//apis/3.0/x/4"}}}}"#
        )
    };
    let one = |id: u32| {
        format!(
            r#"{{"id":{id},"name":"SRV-{id}","type":{t},"status":{t},"company":{t},"contact":{t},"site":{t},"deviceIdentifier":"d","serialNumber":"SN{id}","modelNumber":"R740","tagNumber":"T{id}","purchaseDate":null,"installationDate":"2020-01-01T00:00:00Z","installedBy":{t},"notes":"some notes about it","macAddress":"00:11:22:33:44:55","ipAddress":"10.0.0.1","defaultGateway":"10.0.0.254","osType":"Windows Server 2019","osInfo":"1809","cpuSpeed":"2","ram":"64","manufacturer":{t},"activeFlag":true,"questions":[{q}],"customFields":[{{"id":1,"caption":"Rack","type":"Text","entryMethod":"EntryField","numberOfDecimals":0,"value":"A1"}}],"_info":{{"lastUpdated":"2026-01-01T00:00:00Z","updatedBy":"x"}}}}"#,
            t = reference("type"),
            q = questions.join(",")
        )
    };
    let page = format!("[{}]", (1..=1_000).map(one).collect::<Vec<_>>().join(","));
    let bytes = page.len();
    let (mut connection, _) =
        connection(move |seen| (seen.path == "/company/configurations").then(|| linked(&page, "")));
    let begin = std::time::Instant::now();
    let rounds = 20u32;
    for _ in 0..rounds {
        assert_eq!(
            connection
                .pull(&context(), &all("configuration"), None)
                .unwrap()
                .items
                .len(),
            1_000
        );
    }
    println!(
        "1,000 configurations ({bytes} bytes): {:?}",
        begin.elapsed() / rounds
    );
}
