//! The function `get_post`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::mini_app::get_post::main()
}
