//! What every connection begins with: who asks, and in which layer of the API.

use grammers_client::tl::{self, Serializable, functions};

use super::App;

/// What a person reads in Settings → Devices. Not the machine's own names: those change from one invocation to the
/// next, and are nobody's business.
const DEVICE_MODEL: &str = "Lambdagram";
const SYSTEM_VERSION: &str = "Serverless";
const APP_VERSION: &str = env!("CARGO_PKG_VERSION");
const LANGUAGE: &str = "en";

/// A call that is written already.
struct Written<'a>(&'a [u8]);

impl Serializable for Written<'_> {
    fn serialize(&self, buffer: &mut impl Extend<u8>) {
        buffer.extend(self.0.iter().copied());
    }
}

/// Wraps the first call of a connection in what every connection begins with
/// (core.telegram.org/api/invoking#saving-client-info).
pub(super) fn introduce(app: &App, body: &[u8]) -> Vec<u8> {
    functions::InvokeWithLayer {
        layer: tl::LAYER,
        query: functions::InitConnection {
            api_id: app.api_id,
            device_model: DEVICE_MODEL.to_owned(),
            system_version: SYSTEM_VERSION.to_owned(),
            app_version: APP_VERSION.to_owned(),
            system_lang_code: LANGUAGE.to_owned(),
            lang_pack: String::new(),
            lang_code: LANGUAGE.to_owned(),
            proxy: None,
            params: None,
            query: Written(body),
        },
    }
    .to_bytes()
}
