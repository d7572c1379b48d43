use super::*;

#[tokio::test(start_paused = true)]
async fn all_shows_everything_that_is_set() {
    let world = World::new().await;
    let get = world.client.get_queue_attributes().queue_url(&world.queue);
    let shown = get.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
    let shown: std::collections::BTreeMap<_, _> =
        shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("CreatedTimestamp", "1780000000"),
        ("DelaySeconds", "0"),
        ("LastModifiedTimestamp", "1780000000"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:work"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "30"),
    ];
    assert_eq!(shown, expected.into());
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_as_a_whole() {
    let world = World::new().await;
    pass(10).await;
    let set = || world.client.set_queue_attributes().queue_url(&world.queue);
    let bad = set()
        .attributes(QueueAttributeName::VisibilityTimeout, "60")
        .attributes(QueueAttributeName::DelaySeconds, "-1");
    assert_eq!(code(bad.send().await), "InvalidAttributeValue");
    assert_eq!(code(set().attributes("Nonsense".into(), "1").send().await), "InvalidAttributeName");
    assert_eq!(
        code(set().attributes(QueueAttributeName::QueueArn, "x").send().await),
        "InvalidAttributeName"
    );
    let timeout = || async {
        let get = world.client.get_queue_attributes().queue_url(&world.queue);
        let get = get.attribute_names(QueueAttributeName::VisibilityTimeout);
        let get = get.attribute_names(QueueAttributeName::LastModifiedTimestamp);
        let shown = get.send().await.unwrap().attributes.unwrap();
        (
            shown[&QueueAttributeName::VisibilityTimeout].clone(),
            shown[&QueueAttributeName::LastModifiedTimestamp].clone(),
        )
    };
    assert_eq!(timeout().await, ("30".to_owned(), "1780000000".to_owned()));
    set().attributes(QueueAttributeName::VisibilityTimeout, "60").send().await.unwrap();
    assert_eq!(timeout().await, ("60".to_owned(), "1780000010".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_refused() {
    let world = World::new().await;
    let get = world.client.get_queue_attributes().queue_url(&world.queue);
    assert_eq!(code(get.attribute_names("Nonsense".into()).send().await), "InvalidAttributeName");
}
