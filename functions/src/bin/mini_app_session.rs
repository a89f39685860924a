//! The function `mini_app_session`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::mini_app::session::main()
}
