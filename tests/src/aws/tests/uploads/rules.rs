//! Uploads that nobody completes end by the bucket's lifecycle, which the stack's clock drives.

use std::time::Duration;

use super::super::services;
use super::{begin, under_way};

#[tokio::test]
async fn an_upload_that_nobody_completes_is_aborted_by_the_templates_rule() {
    let services = services().await;
    let begun = begin(&services, "uploads/a").await;
    begun.part(1, b"content".to_vec()).await;
    let list = begun.client.list_parts().bucket(&begun.bucket).key(begun.key).upload_id(&begun.id);
    let listed = list.send().await.expect("a list");
    let abort_at = u64::try_from(listed.abort_date().expect("a date").secs()).unwrap();
    assert_eq!(listed.abort_rule_id(), Some("forget-unfinished-uploads"));
    // A day later, at the next midnight.
    let now_s = services.clock.now_s();
    assert!(abort_at.is_multiple_of(86_400));
    assert!((now_s + 86_400 - 60..=now_s + 2 * 86_400).contains(&abort_at), "{now_s} {abort_at}");
    services.clock.advance(Duration::from_secs(abort_at - now_s - 60));
    assert_eq!(under_way(&services).await, ["uploads/a"]);
    services.clock.advance(Duration::from_mins(1));
    assert_eq!(under_way(&services).await, [""; 0]);
    assert_eq!(begun.parts().await, Err("NoSuchUpload".to_owned()));
    assert_eq!(begun.complete(&[(1, "any")]).await, Err("NoSuchUpload".to_owned()));
}
