use super::*;

#[test]
fn the_same_seed_gives_the_same_events_and_another_seed_others() {
    for lane in Lane::ALL {
        let texts = |seed| -> Vec<String> {
            let events = lane.events(200, seed);
            events.into_iter().map(|event| event.tagged).collect()
        };
        assert_eq!(texts(7), texts(7), "{}", lane.name());
        assert_ne!(texts(7), texts(8), "{}", lane.name());
    }
}

#[test]
fn every_event_is_an_object_and_only_its_tagged_text_names_a_logsource() {
    for lane in Lane::ALL {
        for event in lane.events(200, 1) {
            let plain: Value = serde_json::from_str(&event.plain).expect("JSON");
            let tagged: Value = serde_json::from_str(&event.tagged).expect("JSON");
            assert!(plain.get(PRODUCT).is_none() && plain.get(CATEGORY).is_none());
            assert!(tagged.get(PRODUCT).is_some() || tagged.get(CATEGORY).is_some());
            assert!(plain.is_object());
        }
    }
}
