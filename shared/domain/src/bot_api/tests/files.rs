//! Tests of files in calls.

use super::*;

const PNG: &str = "data:image/png;base64,aGk=";

#[test]
fn a_file_may_be_telegrams_or_lie_on_the_web() {
    for file in ["AgACAgIAAxkBAAI-_9", "https://a.example/b.jpg?c=d", "HTTPS://a.example"] {
        let data = json!({"chat_id": 1, "photo": file});
        let checked = call("send_photo", &data).unwrap();
        assert_eq!((Value::Object(checked.data), checked.files), (data, vec![]));
    }
}

#[test]
fn a_file_that_came_along_is_taken_out() {
    let checked = call("send_photo", &json!({"chat_id": 1, "photo": PNG})).unwrap();
    assert_eq!(Value::Object(checked.data), json!({"chat_id": 1, "photo": "attach://file0"}));
    let file = AttachedFile {
        name: "file0".to_owned(),
        file_name: None,
        content_type: "image/png".to_owned(),
        bytes: b"hi".to_vec(),
    };
    assert_eq!(checked.files, [file]);
}

#[test]
fn files_inside_a_parameter_are_taken_out_too() {
    let media = json!([
        {"type": "photo", "media": PNG, "caption": "data:,not a file"},
        {"type": "video", "media": "BAAC", "thumbnail": "data:image/jpeg;base64,aG8=", "cover": "https://a.example/c"},
    ]);
    for media in [media.clone(), Value::from(media.to_string())] {
        let checked = call("send_media_group", &json!({"chat_id": 1, "media": media})).unwrap();
        assert_eq!(
            checked.data["media"],
            json!([
                {"type": "photo", "media": "attach://file0", "caption": "data:,not a file"},
                {"type": "video", "media": "BAAC", "thumbnail": "attach://file1", "cover": "https://a.example/c"},
            ])
        );
        let contents: Vec<_> = checked.files.iter().map(|file| (&*file.name, &*file.bytes)).collect();
        assert_eq!(contents, [("file0", &b"hi"[..]), ("file1", b"ho")]);
    }
    let poll = json!({"chat_id": 1, "question": "?", "options": [{"text": "a", "media": {"type": "photo", "media": PNG}}]});
    let checked = call("send_poll", &poll).unwrap();
    assert_eq!(checked.data["options"][0]["media"]["media"], "attach://file0");
    let story = json!({"business_connection_id": "b", "active_period": 86400, "content": {"type": "photo", "photo": PNG}});
    assert_eq!(call("post_story", &story).unwrap().data["content"]["photo"], "attach://file0");
}

#[test]
fn a_file_may_have_a_name() {
    for (header, name) in [
        ("data:text/plain;name=a.txt;base64,", Some("a.txt")),
        ("data:text/plain;filename=%D0%B0%20b.txt;base64,", Some("\u{430} b.txt")),
        ("data:text/plain;name=..%2F..%2Fetc%2Fpasswd;base64,", Some("passwd")),
        ("data:text/plain;name=..;base64,", None),
        ("data:;base64,", None),
    ] {
        let checked =
            call("send_document", &json!({"chat_id": 1, "document": format!("{header}aGk=")})).unwrap();
        assert_eq!(checked.files[0].file_name.as_deref(), name, "{header}");
        assert_eq!(checked.files[0].content_type, "text/plain");
    }
}

#[test]
fn anything_else_is_no_file() {
    for wrong in [
        json!(""),
        json!("file:///etc/passwd"),
        json!("http://a.example/b"),
        json!("https://"),
        json!("https:///b"),
        json!("attach://file0"),
        json!("/etc/passwd"),
        json!("secret words"),
        json!("data:"),
        json!("data:;base64,"),
        json!("data:;base64,!!!"),
        json!("data:;base64,aGk=="),
        json!(1),
        json!({"file_id": "AgAC"}),
    ] {
        assert_eq!(
            refused("send_photo", &json!({"chat_id": 1, "photo": wrong})),
            "`photo` must be a file_id, an HTTPS URL or a data URL with a file.",
            "{wrong}"
        );
    }
    assert_eq!(
        refused(
            "send_media_group",
            &json!({"chat_id": 1, "media": [{"media": "AgAC"}, {"media": "file:///a"}]})
        ),
        "`media` in `media` must be a file_id, an HTTPS URL or a data URL with a file."
    );
}

#[test]
fn what_has_to_be_uploaded_must_come_along() {
    assert!(call("set_chat_photo", &json!({"chat_id": 1, "photo": PNG})).is_ok());
    for elsewhere in ["AgAC", "https://a.example/b"] {
        assert_eq!(
            refused("set_chat_photo", &json!({"chat_id": 1, "photo": elsewhere})),
            "`photo` must be a data URL with a file."
        );
    }
}

#[test]
fn the_parameters_with_files_are_known() {
    let files = |name| method(name).file_parameters().map(|parameter| parameter.name).collect::<Vec<_>>();
    assert_eq!(files("send_video"), ["video", "thumbnail", "cover"]);
    assert_eq!(files("send_media_group"), ["media"]);
    assert_eq!(files("create_new_sticker_set"), ["stickers"]);
    assert_eq!(files("send_message"), [""; 0]);
}

#[test]
fn a_file_shows_nothing_of_its_content() {
    let checked = call("send_photo", &json!({"chat_id": 1, "photo": PNG})).unwrap();
    assert_eq!(format!("{:?}", checked.files), "[AttachedFile(file0, image/png, 2 bytes)]");
}
