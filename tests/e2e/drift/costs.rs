//! The tables of costs in docs/OPERATIONS.md: each product and each sum is computed again, with the prices of the first
//! table and what the template says of memory and alarms.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::{template, text_of};

/// Half a cent, and what floating point adds.
const ROUNDING: f64 = 0.005_001;

/// The cells of a row of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// The rows of every table that begins with `heading`, without its first two lines.
fn tables<'a>(document: &'a str, heading: &str) -> Vec<Vec<Vec<&'a str>>> {
    let parts = document.split(heading).skip(1);
    parts
        .map(|part| part.lines().skip(2).take_while(|line| line.starts_with('|')).map(cells).collect())
        .collect()
}

/// The number a cell begins with, its unit left aside.
fn number(cell: &str) -> f64 {
    let text = cell.trim_matches('*').split_whitespace().next().unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("{cell} begins with no number"))
}

fn prices(document: &str) -> BTreeMap<String, f64> {
    let tables = tables(document, "| price | USD | for | source |");
    assert_eq!(tables.len(), 1);
    tables[0].iter().map(|row| (row[0].to_owned(), number(row[1]))).collect()
}

fn costs(document: &str) -> Vec<Vec<Vec<&str>>> {
    let tables = tables(document, "| what | made of | number | each, USD | USD |");
    assert!(tables.len() > 5);
    tables
}

#[test]
fn every_line_is_its_number_times_the_price() {
    let document = text_of("docs/OPERATIONS.md");
    let prices = prices(&document);
    for row in costs(&document).iter().flatten().filter(|row| !row[0].starts_with("**")) {
        let what = row[0].split(':').next().unwrap_or_default();
        let price = *prices.get(what).unwrap_or_else(|| panic!("{what} has no price"));
        assert!((number(row[3]) - price).abs() < 1e-9, "{row:?}: the price is {price}");
        let made: f64 = row[1].split('×').map(number).product();
        assert!((number(row[2]) - made).abs() < 0.000_051, "{row:?}: {made}");
        assert!((number(row[4]) - made * price).abs() < ROUNDING, "{row:?}: {}", made * price);
    }
}

#[test]
fn every_sum_is_that_of_its_lines() {
    let document = text_of("docs/OPERATIONS.md");
    for table in costs(&document) {
        let (sum, lines) = table.split_last().expect("rows");
        assert_eq!(sum[0], "**together**");
        let lines: f64 = lines.iter().map(|row| number(row[4])).sum();
        assert!((number(sum[4]) - lines).abs() < 1e-6, "{sum:?}: {lines}");
    }
}

#[test]
fn the_readme_tells_the_sums() {
    let document = text_of("docs/OPERATIONS.md");
    let sums = costs(&document).into_iter().map(|table| number(table[table.len() - 1][4]));
    let told = [
        "updates answered",
        "pictures delivered",
        "commands",
        "sign-ins",
        "lists of 100 files",
        "ranges",
        "whole files",
        "uploaded",
        "nothing happens",
    ];
    let told = told.into_iter().zip(sums).map(|(what, sum)| format!("{what} {sum:.0}"));
    let readme = text_of("README.md").replace('\n', " ");
    for sentence in told {
        assert!(readme.contains(&sentence), "README.md says another sum, or none, than {sentence}");
    }
}

#[test]
fn every_price_is_used_and_every_function_has_the_memory_of_the_template() {
    let document = text_of("docs/OPERATIONS.md");
    let tables = costs(&document);
    let rows: Vec<_> = tables.iter().flatten().collect();
    for price in prices(&document).keys() {
        assert!(rows.iter().any(|row| row[0].split(':').next() == Some(price)), "{price} is nowhere used");
    }
    let functions = template().functions;
    let binary = Regex::new(r"^Lambda time: `(\w+)`").expect("a pattern");
    let timed: Vec<_> = rows.iter().filter_map(|row| Some((binary.captures(row[0])?, row))).collect();
    assert!(timed.len() > 8);
    for (name, row) in timed {
        let function = functions.iter().find(|function| function.binary == name[1]);
        let memory = f64::from(function.unwrap_or_else(|| panic!("{row:?}")).memory_mb) / 1024.0;
        let factors: Vec<_> = row[1].split('×').collect();
        assert!((number(factors[1]) - memory).abs() < 1e-9, "{row:?}: it has {memory} GB");
    }
}

#[test]
fn the_alarms_that_are_paid_for_are_those_of_the_template() {
    let template = text_of("template.yaml");
    let alarms = template.split("Type: AWS::CloudWatch::Alarm").skip(1);
    let metrics: usize = alarms
        .map(|alarm| {
            // Up to the next resource, or the end of the resources.
            let end = Regex::new(r"(?m)^(?:  )?\w+:$").expect("a pattern");
            let alarm = end.find(alarm).map_or(alarm, |next| &alarm[..next.start()]);
            alarm.matches("MetricName:").count()
        })
        .sum();
    let document = text_of("docs/OPERATIONS.md");
    let tables = costs(&document);
    let row = tables.iter().flatten().find(|row| row[0].starts_with("Alarms:")).expect("a line for alarms");
    assert_eq!(row[1], metrics.to_string(), "metrics that alarms look at");
}
