//! The routes there are, for those who have to say what there is: `405` with `Allow`, and preflights.

/// Method and path of every route, as `template.yaml` gives them to the functions (a test compares).
pub const ROUTES: [(&str, &str); 25] = [
    ("DELETE", "/uploads/{id}"),
    ("GET", "/commands/{id}"),
    ("GET", "/get-saved-messages-media"),
    ("GET", "/is-authenticated"),
    ("GET", "/post/{id}"),
    ("GET", "/qr-login"),
    ("GET", "/stream_media/{message_id}"),
    ("GET", "/stream_thumbnail/{message_id}"),
    ("GET", "/uploads/{id}"),
    ("HEAD", "/stream_media/{message_id}"),
    ("HEAD", "/stream_thumbnail/{message_id}"),
    ("POST", "/check-password"),
    ("POST", "/enqueue_command"),
    ("POST", "/logout"),
    ("POST", "/media-tickets"),
    ("POST", "/mini-app/session"),
    ("POST", "/post"),
    ("POST", "/qr-login"),
    ("POST", "/resend-code"),
    ("POST", "/send-code"),
    ("POST", "/sign-in"),
    ("POST", "/telegram/webhook"),
    ("POST", "/upload_file"),
    ("POST", "/uploads"),
    ("POST", "/uploads/{id}/complete"),
];

/// The methods of `path`, a path pattern as API Gateway reports it. Empty when there is no such path.
pub(crate) fn methods_of(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|(_, known)| *known == path).map(|(method, _)| *method).collect()
}
