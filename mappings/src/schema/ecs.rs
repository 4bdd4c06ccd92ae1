//! The fields of ECS 9.4, for those who have to declare them: an index template of Elasticsearch.

/// Rows of `kind`, object, and members as `name:type` or `name:type[]`.
const TABLE: &str = include_str!("../../schema/ecs.tsv");

/// Every field: its full name and its type as ECS writes it (`keyword`, `date`, `nested`, …). Whether
/// it is a list is not said.
pub fn ecs_fields() -> impl Iterator<Item = (String, &'static str)> {
    TABLE.lines().flat_map(|row| {
        let mut columns = row.split('\t');
        let is_fields = columns.next() == Some("fields");
        let object = columns.next().unwrap_or_default();
        let members = columns.next().filter(|_| is_fields).unwrap_or_default();
        members.split(' ').filter_map(move |member| {
            let (name, kind) = member.split_once(':')?;
            let name = match object {
                "" => name.to_owned(),
                _ => format!("{object}.{name}"),
            };
            Some((name, kind.trim_end_matches("[]")))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::ecs_fields;

    #[test]
    fn fields_have_their_full_names() {
        for field in [
            ("@timestamp", "date"),
            ("event.category", "keyword"),
            ("source.geo.location", "geo_point"),
            ("event.risk_score", "float"),
        ] {
            let count = ecs_fields().filter(|(name, kind)| (name.as_str(), *kind) == field);
            assert_eq!(count.count(), 1, "{field:?}");
        }
    }
}
