use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue,
};

use super::*;

fn attribute(data_type: &str) -> aws_sdk_sqs::types::builders::MessageAttributeValueBuilder {
    MessageAttributeValue::builder().data_type(data_type)
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_sent_comes_back_when_asked_for() {
    let world = World::new().await;
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value("Root=1-2-3")
        .build()
        .unwrap();
    let send = world.client.send_message().queue_url(&world.queue).message_body("héllo \u{fffd}😀");
    let send = send
        .message_attributes("route.name", attribute("String").string_value("r").build().unwrap())
        .message_attributes("route.id", attribute("Number.int").string_value("7").build().unwrap())
        .message_attributes("raw", attribute("Binary").binary_value(Blob::new([0, 255])).build().unwrap())
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace)
        .message_group_id("tenant-1");
    let sent = send.send().await.unwrap();
    assert!(sent.md5_of_message_attributes().is_some() && sent.md5_of_message_system_attributes().is_some());

    let receive = || world.client.receive_message().queue_url(&world.queue).visibility_timeout(0);
    let bare = receive().send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(bare.body(), Some("héllo \u{fffd}😀"));
    assert_eq!((bare.attributes, bare.message_attributes), (None, None));

    let all = receive().message_attribute_names("All");
    let all = all.message_system_attribute_names(MessageSystemAttributeName::All);
    let message = all.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(message.message_attributes.as_ref().unwrap().len(), 3);
    assert_eq!(message.message_attributes.unwrap()["raw"].binary_value(), Some(&Blob::new([0, 255])));
    let system = message.attributes.unwrap();
    assert_eq!(system[&MessageSystemAttributeName::MessageGroupId], "tenant-1");
    assert_eq!(system[&MessageSystemAttributeName::AwsTraceHeader], "Root=1-2-3");
    assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    assert!(system.contains_key(&MessageSystemAttributeName::SenderId));

    let some = receive().message_attribute_names("route.*").send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(some.message_attributes.as_ref().unwrap().len(), 2);
    assert_ne!(some.md5_of_message_attributes(), sent.md5_of_message_attributes());
}

#[tokio::test(start_paused = true)]
async fn bodies_have_limits() {
    let world = World::new().await;
    let send = |body: String| world.client.send_message().queue_url(&world.queue).message_body(body).send();
    assert_eq!(code(send(String::new()).await), "MissingParameter");
    assert_eq!(code(send("\u{ffff}".into()).await), "InvalidMessageContents");
    assert_eq!(code(send("x".repeat(1_048_577)).await), "InvalidParameterValue");
    send("x".repeat(1_048_576)).await.unwrap();
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::MaximumMessageSize, "1024").send().await.unwrap();
    assert_eq!(code(send("x".repeat(1025)).await), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_outlives_its_retention_is_gone() {
    let world = World::new().await;
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::MessageRetentionPeriod, "60").send().await.unwrap();
    world.send("a").await;
    pass(59).await;
    assert_eq!(world.counts().await, [1, 0, 0]);
    pass(1).await;
    assert!(world.receive(0).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_delay_hides_a_new_message() {
    let world = World::new().await;
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::DelaySeconds, "10").send().await.unwrap();
    world.send("by the queue").await;
    let send = world.client.send_message().queue_url(&world.queue).message_body("by itself").delay_seconds(0);
    send.send().await.unwrap();
    assert_eq!(world.counts().await, [1, 0, 1]);
    assert_eq!(world.receive_one(30).await.body(), Some("by itself"));
    pass(10).await;
    assert_eq!(world.receive_one(30).await.body(), Some("by the queue"));
}

#[tokio::test(start_paused = true)]
async fn a_receive_is_checked() {
    let world = World::new().await;
    let receive = || world.client.receive_message().queue_url(&world.queue);
    assert_eq!(code(receive().max_number_of_messages(11).send().await), "InvalidParameterValue");
    assert_eq!(code(receive().max_number_of_messages(0).send().await), "InvalidParameterValue");
    assert_eq!(code(receive().wait_time_seconds(21).send().await), "InvalidParameterValue");
    assert_eq!(code(receive().visibility_timeout(43_201).send().await), "InvalidParameterValue");
}
