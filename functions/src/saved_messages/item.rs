//! A file as clients are told of it.

use std::time::Duration;

use lambdagram_domain::media::MediaItem;
use lambdagram_domain::media::preview::jpeg_data_url;
use serde_json::{Number, Value, json};

/// The fields of an item. What is not known is left out.
pub(super) fn described(item: &MediaItem) -> Value {
    let fields = [
        ("id", Some(json!(item.id.get()))),
        ("name", Some(item.name.as_str().into())),
        ("type", Some(item.kind.name().into())),
        ("mime_type", Some(item.mime_type.as_str().into())),
        ("timestamp", Some(item.timestamp.rfc3339().into())),
        ("size", Some(item.size.into())),
        ("caption", Some(item.caption.as_str().into())),
        ("width", item.width.map(Value::from)),
        ("height", item.height.map(Value::from)),
        ("duration", item.duration.map(seconds)),
        ("has_thumbnail", Some(item.has_thumbnail.into())),
        ("preview", item.preview.as_deref().map(jpeg_data_url).map(Value::from)),
    ];
    let known = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(known.collect())
}

/// Seconds, whole ones without a point.
fn seconds(duration: Duration) -> Value {
    match duration.subsec_nanos() {
        0 => duration.as_secs().into(),
        _ => Number::from_f64(duration.as_secs_f64()).map_or(Value::Null, Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::media::{MediaKind, MessageId};
    use lambdagram_domain::time::UnixTime;

    use super::*;

    #[test]
    fn an_item_has_the_fields_of_the_contract() {
        let mut item = MediaItem {
            id: MessageId::new(123).unwrap(),
            kind: MediaKind::Photo,
            name: "image.jpg".to_owned(),
            mime_type: "image/jpeg".to_owned(),
            size: 102_400,
            timestamp: UnixTime(1_698_400_800),
            caption: "A \"beautiful\"\nimage".to_owned(),
            width: None,
            height: None,
            duration: None,
            has_thumbnail: true,
            preview: None,
        };
        let mut expected = json!({
            "id": 123,
            "name": "image.jpg",
            "type": "photo",
            "mime_type": "image/jpeg",
            "timestamp": "2023-10-27T10:00:00Z",
            "size": 102_400,
            "caption": "A \"beautiful\"\nimage",
            "has_thumbnail": true,
        });
        assert_eq!(described(&item), expected);
        (item.width, item.height) = (Some(4), Some(3));
        item.duration = Some(Duration::from_millis(1500));
        item.preview = Some(b"hi".to_vec());
        expected["width"] = 4.into();
        expected["height"] = 3.into();
        expected["duration"] = json!(1.5);
        expected["preview"] = "data:image/jpeg;base64,aGk=".into();
        assert_eq!(described(&item), expected);
        item.duration = Some(Duration::from_secs(2));
        assert_eq!(described(&item)["duration"].to_string(), "2");
    }
}
