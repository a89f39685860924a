//! sendPhoto, sendDocument, getFile and the download.

use reqwest::multipart::Form;
use serde_json::json;

use super::{Simulator, file, png, refused};
use crate::telegram::bot_api::DEFAULT_BOT_TOKEN;

fn photo(content: Vec<u8>) -> Form {
    Form::new().text("chat_id", "7").part("photo", file("a.png", content))
}

fn document(content: Vec<u8>) -> Form {
    Form::new().text("chat_id", "7").part("document", file("a.bin", content))
}

#[tokio::test]
async fn a_photo_can_be_sent_found_and_downloaded() {
    let sim = Simulator::start().await;
    let content = png(40, 2);
    let (status, body) = sim.upload("sendPhoto", photo(content.clone()).text("caption", "hi")).await;
    assert_eq!(status, 200, "{body}");
    let message = &body["result"];
    let sizes = &message["photo"];
    let (id, unique_id) = (&sizes[0]["file_id"], &sizes[0]["file_unique_id"]);
    let size = content.len();
    let expected =
        [json!({"file_id": id, "file_unique_id": unique_id, "file_size": size, "width": 40, "height": 2})];
    assert_eq!((message["caption"].as_str(), sizes), (Some("hi"), &json!(expected)));
    let found = sim.ok("getFile", json!({"file_id": id})).await;
    let path = "photos/file_0.png";
    let expected = json!({"file_id": id, "file_unique_id": unique_id, "file_size": size, "file_path": path});
    assert_eq!(found, expected);
    let url = format!("{}/file/bot{DEFAULT_BOT_TOKEN}/{path}", sim.url);
    let deeds = serde_json::to_value(sim.bot.messages(7)).unwrap();
    let shown = json!({"file_name": "a.png", "mime_type": null, "file_size": size});
    let params = json!({"chat_id": 7, "caption": "hi", "photo": shown});
    assert_eq!(deeds, json!([{"message_id": 1, "method": "sendPhoto", "params": params, "file_url": url}]));
    let downloaded = sim.http.get(url).send().await.unwrap();
    assert_eq!(downloaded.bytes().await.unwrap(), content);
}

#[tokio::test]
async fn a_file_can_be_sent_again_by_its_id_and_only_as_what_it_is() {
    let sim = Simulator::start().await;
    let sent = sim.upload("sendPhoto", photo(png(4, 4))).await.1;
    let id = &sent["result"]["photo"][0]["file_id"];
    let again = sim.ok("sendPhoto", json!({"chat_id": 8, "photo": id})).await;
    assert_eq!(again["photo"], sent["result"]["photo"]);
    assert!(sim.bot.messages(8)[0].file_url.is_some());
    let sentence = "Bad Request: can't use file of type Photo as Document";
    sim.assert_refused("sendDocument", json!({"chat_id": 8, "document": id}), 400, sentence).await;
}

#[tokio::test]
async fn a_document_keeps_its_name_and_type_and_may_be_attached_under_any_name() {
    let sim = Simulator::start().await;
    let part = file("näme.PDF", b"%PDF".to_vec()).mime_str("application/pdf").unwrap();
    let form = Form::new().text("chat_id", "7").text("document", "attach://x").part("x", part);
    let (status, body) = sim.upload("sendDocument", form).await;
    assert_eq!(status, 200, "{body}");
    let document = &body["result"]["document"];
    let (id, unique_id) = (&document["file_id"], &document["file_unique_id"]);
    let expected = json!({
        "file_name": "näme.PDF",
        "mime_type": "application/pdf",
        "file_id": id,
        "file_unique_id": unique_id,
        "file_size": 4,
    });
    assert_eq!(document, &expected);
    assert_eq!(sim.ok("getFile", json!({"file_id": id})).await["file_path"], "documents/file_0.pdf");
}

#[tokio::test]
async fn photos_outside_of_the_limits_are_refused() {
    let sim = Simulator::start().await;
    let mut heavy = png(4, 4);
    heavy.resize((10 << 20) + 1, 0);
    let too_big =
        "Bad Request: file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes";
    let cases = [
        (heavy, too_big),
        (png(9000, 1001), "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (png(41, 2), "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (b"no picture".to_vec(), "Bad Request: IMAGE_PROCESS_FAILED"),
        (Vec::new(), "Bad Request: file must be non-empty"),
    ];
    for (content, sentence) in cases {
        assert_eq!(sim.upload("sendPhoto", photo(content)).await, refused(400, sentence));
    }
    assert_eq!(sim.upload("sendPhoto", photo(png(9000, 1000))).await.0, 200);
    assert_eq!(sim.upload("sendPhoto", photo(png(40, 2))).await.0, 200);
}

#[tokio::test]
async fn a_caption_is_measured_like_a_text() {
    let sim = Simulator::start().await;
    let form = |units| photo(png(4, 4)).text("caption", "x".repeat(units));
    assert_eq!(sim.upload("sendPhoto", form(1024)).await.0, 200);
    let sentence = "Bad Request: message caption is too long";
    assert_eq!(sim.upload("sendPhoto", form(1025)).await, refused(400, sentence));
}

#[tokio::test]
async fn documents_end_at_50_mb_and_getfile_at_20() {
    let sim = Simulator::start().await;
    let (status, body) = sim.upload("sendDocument", document(vec![1; (20 << 20) + 1])).await;
    assert_eq!(status, 200, "{body}");
    let id = &body["result"]["document"]["file_id"];
    sim.assert_refused("getFile", json!({"file_id": id}), 400, "Bad Request: file is too big").await;
    let refusal = refused(413, "Request Entity Too Large");
    assert_eq!(sim.upload("sendDocument", document(vec![1; (50 << 20) + 1])).await, refusal);
    assert_eq!(sim.upload("sendDocument", document(vec![1; 60 << 20])).await, refusal);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_refused() {
    let sim = Simulator::start().await;
    let refuse = async |method, params, sentence| sim.assert_refused(method, params, 400, sentence).await;
    let missing = "Bad Request: there is no photo in the request";
    refuse("sendPhoto", json!({"chat_id": 7}), missing).await;
    refuse("sendPhoto", json!({"chat_id": 7, "photo": "attach://x"}), missing).await;
    let unfetched = "Bad Request: failed to get HTTP URL content";
    refuse("sendPhoto", json!({"chat_id": 7, "photo": "https://a.b/c.png"}), unfetched).await;
    let unknown = "Bad Request: wrong file identifier/HTTP URL specified";
    refuse("sendDocument", json!({"chat_id": 7, "document": "x"}), unknown).await;
    refuse("getFile", json!({}), "Bad Request: file_id not specified").await;
    refuse("getFile", json!({"file_id": "x"}), "Bad Request: invalid file_id").await;
    let url = format!("{}/file/bot{DEFAULT_BOT_TOKEN}/photos/file_9.png", sim.url);
    assert_eq!(super::answer(sim.http.get(url)).await, refused(404, "Not Found"));
}
