# One-line recipes; the README's commands are plain cargo.

stories:
    cargo run --release -- replay replay-fixtures --format table

test:
    cargo test --workspace

ci:
    .ci/run

bench:
    cargo bench --bench pipeline

update-stories:
    UPDATE_EXPECT=1 cargo test --workspace stories
