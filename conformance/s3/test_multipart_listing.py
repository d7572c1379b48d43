"""ListParts and ListMultipartUploads: what a resumed copy reads."""

from support import checksums, multipart


def test_list_parts_describes_the_parts(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"one")
    upload.put(2, b"three")
    page = s3.list_parts(**upload.where)
    found = [(part["PartNumber"], part["Size"], part["ETag"]) for part in page["Parts"]]
    assert found == [(1, 3, checksums.etag(b"one")), (2, 5, checksums.etag(b"three"))]
    assert all("LastModified" in part for part in page["Parts"])
    assert (page["UploadId"], page["StorageClass"]) == (upload.upload_id, "STANDARD")


def test_list_parts_comes_in_order_of_number(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    for number in (10, 2, 9999, 1):
        upload.put(number, b"x")
    assert [part["PartNumber"] for part in s3.list_parts(**upload.where)["Parts"]] == [1, 2, 10, 9999]


def test_list_parts_pages(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    for number in range(1, 6):
        upload.put(number, b"x")
    pages, marker = [], 0
    while True:
        page = s3.list_parts(**upload.where, MaxParts=2, PartNumberMarker=marker)
        pages.append([part["PartNumber"] for part in page["Parts"]])
        if not page["IsTruncated"]:
            break
        marker = page["NextPartNumberMarker"]
    assert pages == [[1, 2], [3, 4], [5]]


def test_list_parts_of_a_new_upload_is_empty(s3, bucket):
    page = s3.list_parts(**multipart.begin(s3, bucket, "k").where)
    assert (page.get("Parts", []), page["IsTruncated"]) == ([], False)


def test_list_parts_shows_a_replaced_part_once(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"first")
    upload.put(1, b"second")
    assert [part["ETag"] for part in s3.list_parts(**upload.where)["Parts"]] == [checksums.etag(b"second")]


def test_list_parts_carries_checksums(s3, bucket):
    upload = multipart.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    upload.put(1, b"one", ChecksumAlgorithm="SHA256")
    page = s3.list_parts(**upload.where)
    assert (page["ChecksumAlgorithm"], page["ChecksumType"]) == ("SHA256", "COMPOSITE")
    assert page["Parts"][0]["ChecksumSHA256"] == checksums.header_value("SHA256", b"one")


def test_open_uploads_are_listed(s3, bucket):
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    upload = multipart.begin(s3, bucket, "k", StorageClass="STANDARD_IA")
    entry = s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]
    assert (entry["Key"], entry["UploadId"], entry["StorageClass"]) == ("k", upload.upload_id, "STANDARD_IA")
    assert "Initiated" in entry


def test_finished_uploads_are_not_listed(s3, bucket):
    completed, aborted = multipart.begin(s3, bucket, "completed"), multipart.begin(s3, bucket, "aborted")
    completed.put(1, b"x")
    completed.complete()
    aborted.abort()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_open_uploads_are_selected_by_prefix(s3, bucket):
    for key in ("a/1", "b/1"):
        multipart.begin(s3, bucket, key)
    uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")["Uploads"]
    assert [entry["Key"] for entry in uploads] == ["a/1"]


def test_open_uploads_roll_up_at_a_delimiter(s3, bucket):
    for key in ("a/1", "a/2", "b"):
        multipart.begin(s3, bucket, key)
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in page["Uploads"]] == ["b"]
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["a/"]


def test_open_uploads_page(s3, bucket):
    expected = {multipart.begin(s3, bucket, key).upload_id for key in ("a", "a", "b", "c", "c")}
    found, marker = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2, **marker)
        found += [entry["UploadId"] for entry in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert len(found) == len(expected)
    assert set(found) == expected
