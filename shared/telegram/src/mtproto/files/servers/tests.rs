use super::*;

fn option(id: i32, ip: &str, port: i32, change: impl FnOnce(&mut types::DcOption)) -> enums::DcOption {
    let mut option = types::DcOption {
        ipv6: false,
        media_only: true,
        tcpo_only: false,
        cdn: false,
        r#static: false,
        this_port_only: false,
        id,
        ip_address: ip.to_owned(),
        port,
        secret: None,
    };
    change(&mut option);
    option.into()
}

fn config(expires: i32, dc_options: Vec<enums::DcOption>) -> enums::Config {
    types::Config {
        default_p2p_contacts: false,
        preload_featured_stickers: false,
        revoke_pm_inbox: false,
        blocked_mode: false,
        force_try_ipv6: false,
        date: 1_000,
        expires,
        test_mode: false,
        this_dc: 2,
        dc_options,
        dc_txt_domain_name: String::new(),
        chat_size_max: 0,
        megagroup_size_max: 0,
        forwarded_count_max: 0,
        online_update_period_ms: 0,
        offline_blur_timeout_ms: 0,
        offline_idle_timeout_ms: 0,
        online_cloud_timeout_ms: 0,
        notify_cloud_delay_ms: 0,
        notify_default_delay_ms: 0,
        push_chat_period_ms: 0,
        push_chat_limit: 0,
        edit_time_limit: 0,
        revoke_time_limit: 0,
        revoke_pm_time_limit: 0,
        rating_e_decay: 0,
        stickers_recent_limit: 0,
        channels_read_media_period: 0,
        tmp_sessions: None,
        call_receive_timeout_ms: 0,
        call_ring_timeout_ms: 0,
        call_connect_timeout_ms: 0,
        call_packet_timeout_ms: 0,
        me_url_prefix: String::new(),
        autoupdate_url_prefix: None,
        gif_search_username: None,
        venue_search_username: None,
        img_search_username: None,
        static_maps_provider: None,
        caption_length_max: 0,
        message_length_max: 0,
        webfile_dc_id: 0,
        suggested_lang_code: None,
        lang_pack_version: None,
        base_lang_pack_version: None,
        reactions_default: None,
        autologin_token: None,
    }
    .into()
}

#[test]
fn the_first_plain_address_for_files_of_each_data_centre_is_taken() {
    let servers = servers_of(config(
        4_600,
        vec![
            option(1, "192.0.2.1", 443, |option| option.media_only = false),
            option(2, "2001:db8::1", 443, |option| option.ipv6 = true),
            option(2, "192.0.2.2", 443, |option| option.cdn = true),
            option(2, "192.0.2.3", 443, |option| option.tcpo_only = true),
            option(2, "192.0.2.4", 443, |option| option.secret = Some(vec![1])),
            option(2, "192.0.2.5", 443, |_| {}),
            option(2, "192.0.2.6", 443, |_| {}),
            option(3, "no address", 443, |_| {}),
            option(3, "192.0.2.7", 0, |_| {}),
            option(4, "192.0.2.8", 65_536, |_| {}),
            option(4, "192.0.2.9", 80, |_| {}),
        ],
    ));
    let expected = [(2, "192.0.2.5:443"), (4, "192.0.2.9:80")];
    assert_eq!(servers.addresses, expected.map(|(dc, address)| (dc, address.parse().unwrap())).into());
}

#[test]
fn addresses_are_good_for_as_long_as_telegram_says_within_reason() {
    for (expires, expected) in [(4_600, 3_600), (1_001, 300), (i32::MIN, 300), (i32::MAX, 86_400)] {
        let before = UnixTime(clock::now().as_secs());
        let life = servers_of(config(expires, Vec::new())).good_until.since(before).as_secs();
        assert!((expected..expected + 60).contains(&life), "{life}");
    }
}
