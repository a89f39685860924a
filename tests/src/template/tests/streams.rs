//! Routes whose answers are streamed.

use std::time::Duration;

use super::{read, template};

#[test]
fn a_route_streams_where_its_event_says_so_and_only_there() {
    let model = read(include_str!("streams.yaml")).expect("the template loads");
    let routes: Vec<_> = model.functions[0]
        .routes
        .iter()
        .map(|route| (route.method.as_str(), route.path.as_str(), route.streams, route.timeout))
        .collect();
    assert_eq!(
        routes,
        [
            ("GET", "/films/{id}", true, Some(Duration::from_mins(15))),
            ("HEAD", "/films/{id}", false, None),
            ("GET", "/films", false, None),
        ]
    );
}

#[test]
fn a_mode_that_sam_would_pass_over_is_refused() {
    let complaint = |more: &str| {
        let event = format!("{{ RestApiId: !Ref Api, Method: GET, Path: /, {more} }}");
        let events = format!("      Events: {{ Get: {{ Type: Api, Properties: {event} }} }}");
        read(&template("", &events, "")).expect_err("the template is refused").to_string()
    };
    let at = "Resources.Work.Properties.Events.Get.Properties.";
    for (more, expected) in [
        (
            "ResponseTransferMode: STREAM",
            "ResponseTransferMode: `STREAM` is neither BUFFERED nor RESPONSE_STREAM",
        ),
        ("ResponseTransferMode: [RESPONSE_STREAM]", "ResponseTransferMode: is no string"),
        ("TimeoutInMillis: 29001", "TimeoutInMillis: `29001` is no whole number from 50 to 29000"),
        (
            "ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 900001",
            "TimeoutInMillis: `900001` is no whole number from 50 to 900000",
        ),
    ] {
        assert_eq!(complaint(more), format!("{at}{expected}"));
    }
}
