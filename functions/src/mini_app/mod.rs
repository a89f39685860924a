//! The Mini App camera: a picture taken in a Mini App arrives in the person's chat.

pub mod get_post;
pub mod post_photo;
pub mod session;
