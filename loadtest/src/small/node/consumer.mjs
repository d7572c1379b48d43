// Moves files as a job file says, with sqs-consumer and the AWS SDK for JavaScript, until standard input ends.
//
// sqs-consumer takes the next messages when the last ones are done, so there are as many consumers as batches may be in flight.

import { readFileSync } from "node:fs";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const BATCH = 10;
const OWNER = "node";

if (process.argv[2] === "--version") {
  const version = (name) =>
    JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
  console.log(`sqs-consumer ${version("sqs-consumer")}, SDK ${version("@aws-sdk/client-s3")}, node ${process.version}`);
  process.exit(0);
}

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
process.stdin.resume().on("end", () => process.exit(0));

const settings = {
  region: job.region,
  endpoint: job.endpoint_url,
  credentials: { accessKeyId: job.access_key, secretAccessKey: job.access_key },
  maxAttempts: 1,
};
const sqs = new SQSClient(settings);
const dynamodb = new DynamoDBClient(settings);
const s3 = new S3Client({
  ...settings,
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
});

function update({ update, condition }, id, from, to, values) {
  const shard = parseInt(id.slice(0, 8), 16) % job.status_shards;
  return dynamodb.send(
    new UpdateItemCommand({
      TableName: job.table,
      Key: { [job.table_key]: { S: id } },
      UpdateExpression: update,
      ConditionExpression: condition,
      ExpressionAttributeNames: job.names,
      ExpressionAttributeValues: {
        ":from": { S: from },
        ":to": { S: to },
        ":shard": { S: `${to}#${shard}` },
        ":owner": { S: OWNER },
        ":now": { S: new Date().toISOString() },
        ...values,
      },
    }),
  );
}

async function move(message) {
  const { id, source, target } = JSON.parse(message.Body).transfer;
  const started = performance.now();
  await update(job.claim, id, "queued", "processing", {});
  const got = await s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: source.key }));
  const bytes = await got.Body.transformToByteArray();
  const put = await s3.send(new PutObjectCommand({ Bucket: target.bucket, Key: target.key, Body: bytes }));
  await update(job.complete, id, "processing", "completed", {
    ":took": { N: String(Math.round(performance.now() - started)) },
    ":etag": { S: put.ETag },
  });
}

function fail(error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}

for (let consumer = 0; consumer < Math.ceil(job.in_flight / BATCH); consumer++) {
  Consumer.create({
    queueUrl: job.queue_url,
    sqs,
    batchSize: BATCH,
    waitTimeSeconds: 2,
    handleMessageBatch: async (messages) => {
      await Promise.all(messages.map(move));
      return messages;
    },
  })
    .on("error", fail)
    .on("processing_error", fail)
    .start();
}
