//! The form with a file in it.

use lambdagram_domain::media::stored_name;
use lambdagram_domain::upload::{SendAs, UploadDetails};

use crate::http::{ApiError, Form, FormField, Incoming};

/// A file as it was posted, and what was written beside it.
pub(super) struct Posted {
    pub(super) bytes: Vec<u8>,
    pub(super) details: UploadDetails,
}

/// The fields that a form may have.
#[derive(Default)]
struct Fields {
    file: Option<File>,
    caption: Option<String>,
    send_as: Option<SendAs>,
}

struct File {
    name: Option<String>,
    media_type: Option<String>,
    bytes: Vec<u8>,
}

/// Reads a form with the file `file` and the texts `caption` and `as`, in any order. Other fields are nobody's.
///
/// # Errors
///
/// [`ApiError::InvalidForm`], [`ApiError::NoFile`], [`ApiError::InvalidFile`], [`ApiError::InvalidParameter`].
pub(super) async fn read(request: &Incoming) -> Result<Posted, ApiError> {
    let mut form = Form::of(request)?;
    let mut fields = Fields::default();
    while let Some(field) = form.next().await? {
        fields.take(field).await?;
    }
    let file = fields.file.ok_or(ApiError::NoFile)?;
    if file.bytes.is_empty() {
        // What browsers send where nobody chose a file has no name.
        return Err(match file.name.as_deref() {
            None | Some("") => ApiError::NoFile,
            Some(_) => ApiError::InvalidFile { details: "The file is empty." },
        });
    }
    let details = UploadDetails {
        name: file.name.as_deref().and_then(stored_name),
        mime_type: file.media_type,
        caption: fields.caption.unwrap_or_default(),
        send_as: fields.send_as.unwrap_or_default(),
    };
    Ok(Posted { bytes: file.bytes, details })
}

impl Fields {
    async fn take(&mut self, field: FormField) -> Result<(), ApiError> {
        let twice = |details| Err(ApiError::InvalidForm { details });
        match field.name() {
            "file" if self.file.is_some() => return twice("There is more than one file."),
            "file" => {
                let (name, media_type) = (field.file_name(), field.media_type());
                self.file = Some(File { name, media_type, bytes: field.bytes().await? });
            }
            "caption" if self.caption.is_some() => return twice("There is more than one caption."),
            "caption" => self.caption = Some(field.text().await?),
            "as" if self.send_as.is_some() => return twice("There is more than one as."),
            "as" => {
                let wrong =
                    ApiError::InvalidParameter { parameter: "as", expected: "auto, photo or document" };
                self.send_as = Some(SendAs::parse(field.text().await?.trim()).ok_or(wrong)?);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\
         Content-Type: Text/Plain; charset=utf-8\r\n\r\nhello";
    const CAPTION: &str = "Content-Disposition: form-data; name=\"caption\"\r\n\r\nпривет";
    const AS: &str = "Content-Disposition: form-data; name=\"as\"\r\n\r\ndocument";

    fn request(content_type: &str, body: &str) -> Incoming {
        Incoming::of_event(&json!({
            "resource": "/upload_file",
            "path": "/upload_file",
            "httpMethod": "POST",
            "headers": {"content-type": content_type},
            "multiValueHeaders": {},
            "requestContext": {
                "domainName": "api.example",
                "httpMethod": "POST",
                "identity": {"sourceIp": "203.0.113.7"},
                "requestId": "r-1",
                "resourcePath": "/upload_file",
                "stage": "prod",
            },
            "body": body,
            "isBase64Encoded": false,
        }))
    }

    fn multipart(body: &str) -> Incoming {
        request("multipart/form-data; boundary=edge", body)
    }

    fn form(fields: &[&str]) -> Incoming {
        let fields = fields.iter().map(|field| format!("--edge\r\n{field}\r\n"));
        multipart(&format!("{}--edge--\r\n", fields.collect::<String>()))
    }

    fn file(name: &str, bytes: &str) -> String {
        format!("Content-Disposition: form-data; name=\"file\"{name}\r\n\r\n{bytes}")
    }

    async fn refused(request: Incoming) -> String {
        let error = read(&request).await.err().unwrap();
        match &error {
            ApiError::InvalidForm { details } | ApiError::InvalidFile { details } => {
                format!("{error} {details}")
            }
            _ => error.to_string(),
        }
    }

    #[tokio::test]
    async fn the_fields_come_in_any_order() {
        for fields in [[FILE, CAPTION, AS], [AS, CAPTION, FILE], [CAPTION, FILE, AS]] {
            let posted = read(&form(&fields)).await.unwrap();
            assert_eq!(posted.bytes, b"hello");
            let details = UploadDetails {
                name: Some("a b.txt".to_owned()),
                mime_type: Some("text/plain".to_owned()),
                caption: "привет".to_owned(),
                send_as: SendAs::Document,
            };
            assert!(posted.details == details);
        }
        let alone =
            read(&form(&[FILE, "Content-Disposition: form-data; name=\"other\"\r\n\r\nx"])).await.unwrap();
        assert_eq!((alone.details.caption.as_str(), alone.details.send_as), ("", SendAs::Auto));
    }

    #[tokio::test]
    async fn a_name_is_decoded_and_has_neither_a_path_nor_controls() {
        for (sent, name) in [
            ("; filename=\"../../etc/passwd\"", Some("passwd")),
            ("; filename=\"C:\\\\Users\\\\me\\\\a.txt\"", Some("a.txt")),
            ("; filename=\"say %22hi%22.txt\"", Some("say \"hi\".txt")),
            ("; filename=\"a%0D%0Ab.txt\"", Some("ab.txt")),
            ("; filename=\"Отчёт.pdf\"", Some("Отчёт.pdf")),
            ("; filename=\"..\"", None),
            ("; filename=\"\"", None),
            ("", None),
        ] {
            let posted = read(&form(&[&file(sent, "x")])).await.unwrap();
            assert_eq!(posted.details.name.as_deref(), name, "{sent}");
        }
    }

    #[tokio::test]
    async fn a_form_without_a_file_says_so() {
        let none = "No file provided in the request.";
        assert_eq!(refused(form(&[CAPTION])).await, none);
        assert_eq!(refused(form(&[&file("; filename=\"\"", "")])).await, none);
        assert_eq!(refused(form(&[&file("", "")])).await, none);
        let empty = "Invalid file type or format. The file is empty.";
        assert_eq!(refused(form(&[&file("; filename=\"a\"", "")])).await, empty);
    }

    #[tokio::test]
    async fn what_comes_twice_or_is_no_choice_is_refused() {
        let unreadable = "The form cannot be read.";
        for (fields, reason) in [
            ([FILE, FILE], "There is more than one file."),
            ([CAPTION, CAPTION], "There is more than one caption."),
            ([AS, AS], "There is more than one as."),
        ] {
            assert_eq!(refused(form(&fields)).await, format!("{unreadable} {reason}"));
        }
        let voice = "Content-Disposition: form-data; name=\"as\"\r\n\r\nvoice";
        assert_eq!(refused(form(&[FILE, voice])).await, "as must be auto, photo or document.");
    }

    #[tokio::test]
    async fn a_form_that_is_not_whole_is_refused() {
        let whole = format!("--edge\r\n{FILE}\r\n--edge--\r\n");
        assert!(read(&multipart(&whole)).await.is_ok());
        let reason = "The form cannot be read. It is not a complete multipart/form-data body.";
        for cut in [whole.len() - 5, whole.len() / 2, 10] {
            assert_eq!(refused(multipart(&whole[..cut])).await, reason, "{cut}");
        }
        assert_eq!(refused(multipart(&whole.replace("edge", "other"))).await, reason);
        assert_eq!(refused(request("multipart/form-data", &whole)).await, reason);
    }
}
