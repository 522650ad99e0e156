"""The Lambda entry point."""
import json, os
import boto3
def handle_stream(event, context):
    sns = boto3.client("sns")
    for r in event.get("Records", []):
        if "ALERTS_TOPIC_ARN" in os.environ:
            sns.publish_batch(TopicArn=os.environ["ALERTS_TOPIC_ARN"], PublishBatchRequestEntries=[{"Id":"1","Message": json.dumps(r),"Subject":"x"}])
    print("handled", len(event.get("Records", [])))
    return {"batchItemFailures": []}
