//! `help.*`: where the data centres are, and the limits that clients are to keep.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::cluster::DcAddress;
use super::super::limits::APP_LIMITS;
use super::{Answered, Call};

/// For how long a client may keep its configuration, in seconds.
const CONFIG_LIFE_S: i32 = 3600;

/// The hash of the application configuration, which never changes here.
const APP_CONFIG_HASH: i32 = 230;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::help::GetConfig::CONSTRUCTOR_ID => call.open(get_config),
        functions::help::GetNearestDc::CONSTRUCTOR_ID => call.open(get_nearest_dc),
        functions::help::GetAppConfig::CONSTRUCTOR_ID => call.open(get_app_config),
        _ => return None,
    })
}

/// Limits and times as Telegram's production data centres send them.
#[expect(clippy::unnecessary_wraps, reason = "every method has the same shape")]
fn get_config(call: &Call<'_>, _: &functions::help::GetConfig) -> Answered<enums::Config> {
    Ok(types::Config {
        default_p2p_contacts: true,
        preload_featured_stickers: false,
        revoke_pm_inbox: true,
        blocked_mode: false,
        force_try_ipv6: false,
        date: call.date(),
        expires: call.date().saturating_add(CONFIG_LIFE_S),
        test_mode: false,
        this_dc: call.caller.dc,
        dc_options: call.addresses().iter().map(dc_option).collect(),
        dc_txt_domain_name: "apv3.stel.com".to_owned(),
        chat_size_max: 200,
        megagroup_size_max: 200_000,
        forwarded_count_max: 100,
        online_update_period_ms: 210_000,
        offline_blur_timeout_ms: 5_000,
        offline_idle_timeout_ms: 30_000,
        online_cloud_timeout_ms: 300_000,
        notify_cloud_delay_ms: 30_000,
        notify_default_delay_ms: 1_500,
        push_chat_period_ms: 60_000,
        push_chat_limit: 2,
        edit_time_limit: 172_800,
        revoke_time_limit: i32::MAX,
        revoke_pm_time_limit: i32::MAX,
        rating_e_decay: 2_419_200,
        stickers_recent_limit: 200,
        channels_read_media_period: 604_800,
        tmp_sessions: None,
        call_receive_timeout_ms: 20_000,
        call_ring_timeout_ms: 90_000,
        call_connect_timeout_ms: 30_000,
        call_packet_timeout_ms: 10_000,
        me_url_prefix: "https://t.me/".to_owned(),
        autoupdate_url_prefix: None,
        gif_search_username: Some("gif".to_owned()),
        venue_search_username: Some("foursquare".to_owned()),
        img_search_username: Some("bing".to_owned()),
        static_maps_provider: None,
        caption_length_max: 1024,
        message_length_max: 4096,
        webfile_dc_id: call.caller.dc,
        suggested_lang_code: None,
        lang_pack_version: None,
        base_lang_pack_version: None,
        reactions_default: None,
        autologin_token: None,
    }
    .into())
}

fn dc_option(of: &DcAddress) -> enums::DcOption {
    types::DcOption {
        ipv6: of.address.is_ipv6(),
        media_only: of.media,
        tcpo_only: false,
        cdn: false,
        r#static: false,
        this_port_only: true,
        id: of.dc,
        ip_address: of.address.ip().to_string(),
        port: i32::from(of.address.port()),
        secret: None,
    }
    .into()
}

#[expect(clippy::unnecessary_wraps, reason = "every method has the same shape")]
fn get_nearest_dc(call: &Call<'_>, _: &functions::help::GetNearestDc) -> Answered<enums::NearestDc> {
    let this_dc = call.caller.dc;
    Ok(types::NearestDc { country: "US".to_owned(), this_dc, nearest_dc: this_dc }.into())
}

#[expect(clippy::unnecessary_wraps, reason = "every method has the same shape")]
fn get_app_config(_: &Call<'_>, request: &functions::help::GetAppConfig) -> Answered<enums::help::AppConfig> {
    if request.hash == APP_CONFIG_HASH {
        return Ok(enums::help::AppConfig::NotModified);
    }
    let value = APP_LIMITS.iter().map(|(key, value)| {
        let value = types::JsonNumber { value: f64::from(*value) }.into();
        types::JsonObjectValue { key: (*key).to_owned(), value }.into()
    });
    let config = types::JsonObject { value: value.collect() }.into();
    Ok(types::help::AppConfig { hash: APP_CONFIG_HASH, config }.into())
}
