//! What a call says around the method it is about: the layer, the application, and what to wait for.

use grammers_tl_types::{self as tl, Cursor, Deserializable, Identifiable as _, functions};

use super::rpc::DeviceInfo;

/// A call without its wrappers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unwrapped {
    /// The layer of `invokeWithLayer`.
    pub(super) layer: Option<i32>,
    /// Application and device of `initConnection`.
    pub(super) init: Option<(i32, DeviceInfo)>,
    /// The messages of `invokeAfterMsg` and `invokeAfterMsgs`.
    pub(super) after: Vec<i64>,
    /// Whether `invokeWithoutUpdates` was there.
    pub(super) without_updates: bool,
    /// The method with its constructor id.
    pub(super) body: Vec<u8>,
}

/// What is left of a body.
struct Rest(Vec<u8>);

impl Deserializable for Rest {
    fn deserialize(buffer: &mut Cursor<'_>) -> tl::deserialize::Result<Self> {
        let mut rest = Vec::new();
        buffer.read_to_end(&mut rest)?;
        Ok(Self(rest))
    }
}

/// How deep wrappers may lie in each other. Ours; clients come to five.
const DEEPEST: usize = 16;

/// Takes the wrappers off a call; `None` if one of them is malformed.
pub(super) fn unwrap(body: Vec<u8>) -> Option<Unwrapped> {
    let mut call = Unwrapped { body, ..Unwrapped::default() };
    for _ in 0..DEEPEST {
        let (id, inner) = call.body.split_first_chunk()?;
        let rest = match u32::from_le_bytes(*id) {
            functions::InvokeWithLayer::<Rest>::CONSTRUCTOR_ID => {
                let wrapper = functions::InvokeWithLayer::<Rest>::from_bytes(inner).ok()?;
                call.layer = Some(wrapper.layer);
                wrapper.query
            }
            functions::InitConnection::<Rest>::CONSTRUCTOR_ID => {
                let wrapper = functions::InitConnection::<Rest>::from_bytes(inner).ok()?;
                let device = DeviceInfo {
                    device_model: wrapper.device_model,
                    system_version: wrapper.system_version,
                    app_version: wrapper.app_version,
                    system_lang_code: wrapper.system_lang_code,
                    lang_pack: wrapper.lang_pack,
                    lang_code: wrapper.lang_code,
                };
                call.init = Some((wrapper.api_id, device));
                wrapper.query
            }
            functions::InvokeWithoutUpdates::<Rest>::CONSTRUCTOR_ID => {
                call.without_updates = true;
                functions::InvokeWithoutUpdates::<Rest>::from_bytes(inner).ok()?.query
            }
            functions::InvokeAfterMsg::<Rest>::CONSTRUCTOR_ID => {
                let wrapper = functions::InvokeAfterMsg::<Rest>::from_bytes(inner).ok()?;
                call.after.push(wrapper.msg_id);
                wrapper.query
            }
            functions::InvokeAfterMsgs::<Rest>::CONSTRUCTOR_ID => {
                let wrapper = functions::InvokeAfterMsgs::<Rest>::from_bytes(inner).ok()?;
                call.after.extend(wrapper.msg_ids);
                wrapper.query
            }
            functions::InvokeWithMessagesRange::<Rest>::CONSTRUCTOR_ID => {
                functions::InvokeWithMessagesRange::<Rest>::from_bytes(inner).ok()?.query
            }
            functions::InvokeWithTakeout::<Rest>::CONSTRUCTOR_ID => {
                functions::InvokeWithTakeout::<Rest>::from_bytes(inner).ok()?.query
            }
            _ => return Some(call),
        };
        call.body = rest.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use grammers_tl_types::{Serializable as _, enums, types};

    use super::*;

    #[test]
    fn every_wrapper_comes_off_and_what_it_says_is_kept() {
        let call = functions::InvokeWithLayer {
            layer: 230,
            query: functions::InitConnection {
                api_id: 7,
                device_model: "model".to_owned(),
                system_version: "1".to_owned(),
                app_version: "2".to_owned(),
                system_lang_code: "en".to_owned(),
                lang_pack: String::new(),
                lang_code: "de".to_owned(),
                proxy: Some(enums::InputClientProxy::Proxy(types::InputClientProxy {
                    address: "127.0.0.1".to_owned(),
                    port: 1,
                })),
                params: Some(enums::Jsonvalue::JsonNull),
                query: functions::InvokeWithoutUpdates {
                    query: functions::InvokeAfterMsgs {
                        msg_ids: vec![4, 8],
                        query: functions::InvokeAfterMsg { msg_id: 12, query: functions::help::GetConfig {} },
                    },
                },
            },
        };
        let call = unwrap(call.to_bytes()).unwrap();
        let (api_id, device) = call.init.unwrap();
        assert_eq!((call.layer, api_id, &device.device_model[..]), (Some(230), 7, "model"));
        assert_eq!((call.without_updates, &call.after[..]), (true, &[4, 8, 12][..]));
        assert_eq!(call.body, functions::help::GetConfig {}.to_bytes());
    }

    #[test]
    fn malformed_and_endless_wrappers_are_no_calls() {
        assert_eq!(unwrap(Vec::new()), None);
        let id = functions::InvokeWithLayer::<Rest>::CONSTRUCTOR_ID;
        assert_eq!(unwrap(id.to_le_bytes().to_vec()), None);
        let endless = functions::InvokeWithoutUpdates::<Rest>::CONSTRUCTOR_ID.to_le_bytes().repeat(17);
        assert_eq!(unwrap(endless), None);
    }
}
