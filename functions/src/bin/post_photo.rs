//! The function `post_photo`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::mini_app::post_photo::main()
}
