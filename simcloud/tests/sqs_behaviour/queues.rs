use super::*;

#[tokio::test(start_paused = true)]
async fn creating_again_is_idempotent_unless_attributes_differ() {
    let world = World::new().await;
    let create = |timeout: &str| {
        let create = world.client.create_queue().queue_name("other");
        create.attributes(QueueAttributeName::VisibilityTimeout, timeout).send()
    };
    let first = create("60").await.unwrap().queue_url;
    assert_eq!(create("60").await.unwrap().queue_url, first);
    assert_eq!(world.client.create_queue().queue_name("other").send().await.unwrap().queue_url, first);
    assert_eq!(code(create("61").await), "QueueAlreadyExists");
}

#[tokio::test(start_paused = true)]
async fn names_are_checked() {
    let world = World::new().await;
    let create = |name: &str| world.client.create_queue().queue_name(name).send();
    for name in ["a b", "a.fifo"] {
        assert_eq!(code(create(name).await), "InvalidParameterValue", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_found_by_name_and_under_any_host() {
    let world = World::new().await;
    let get = |name: &str| world.client.get_queue_url().queue_name(name).send();
    assert_eq!(get("work").await.unwrap().queue_url, Some(world.queue.clone()));
    let missing = "AWS.SimpleQueueService.NonExistentQueue";
    assert_eq!(code(get("none").await), missing);
    let send = |url: &str| world.client.send_message().queue_url(url).message_body("x").send();
    send("https://sqs.us-east-1.amazonaws.com/000000000000/work").await.unwrap();
    assert_eq!(code(send("http://h/111111111111/work").await), missing);
    assert_eq!(code(send("http://h/000000000000/none").await), missing);
    assert_eq!(world.counts().await, [1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn lists_have_prefixes_and_pages() {
    let world = World::new().await;
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        create(&world.client, name).await;
    }
    let list = || world.client.list_queues().queue_name_prefix("a-");
    let names = |urls: &[String]| -> Vec<String> {
        urls.iter().filter_map(|url| url.rsplit('/').next().map(str::to_owned)).collect()
    };
    let first = list().max_results(2).send().await.unwrap();
    assert_eq!(names(first.queue_urls()), ["a-1", "a-2"]);
    let second = list().max_results(2).next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!(names(second.queue_urls()), ["a-3"]);
    assert_eq!(second.next_token(), None);
    assert_eq!(world.client.list_queues().send().await.unwrap().queue_urls().len(), 5);
    let none = world.client.list_queues().queue_name_prefix("zzz").send().await.unwrap();
    assert!(none.queue_urls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_purge_empties_the_queue_once_a_minute() {
    let world = World::new().await;
    world.send("a").await;
    world.send("b").await;
    let held = world.receive(30).await;
    let purge = || world.client.purge_queue().queue_url(&world.queue).send();
    purge().await.unwrap();
    assert_eq!(world.counts().await, [0, 0, 0]);
    world
        .client
        .delete_message()
        .queue_url(&world.queue)
        .receipt_handle(receipt(&held[0]))
        .send()
        .await
        .unwrap();
    assert_eq!(code(purge().await), "AWS.SimpleQueueService.PurgeQueueInProgress");
    pass(60).await;
    purge().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_queue_made_anew_knows_nothing_of_its_predecessor() {
    let world = World::new().await;
    world.send("a").await;
    let held = world.receive_one(30).await;
    world.client.delete_queue().queue_url(&world.queue).send().await.unwrap();
    create(&world.client, "work").await;
    assert_eq!(world.counts().await, [0, 0, 0]);
    let delete = world.client.delete_message().queue_url(&world.queue).receipt_handle(receipt(&held));
    assert_eq!(code(delete.send().await), "ReceiptHandleIsInvalid");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_says_so() {
    let world = World::new().await;
    let asked = world.client.remove_permission().queue_url(&world.queue).label("l");
    let error = asked.send().await.unwrap_err();
    assert_eq!(error.code(), Some("AWS.SimpleQueueService.UnsupportedOperation"));
    assert!(error.message().unwrap().contains("RemovePermission"));
}

#[tokio::test(start_paused = true)]
async fn tags() {
    let world = World::new().await;
    let list = || world.client.list_queue_tags().queue_url(&world.queue).send();
    let tag = world.client.tag_queue().queue_url(&world.queue);
    tag.tags("a", "1").tags("b", "2").send().await.unwrap();
    assert_eq!(list().await.unwrap().tags.unwrap().len(), 2);
    world.client.untag_queue().queue_url(&world.queue).tag_keys("a").send().await.unwrap();
    assert_eq!(list().await.unwrap().tags.unwrap()["b"], "2");
}
