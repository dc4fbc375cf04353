"""Which of the official SDKs' own tests are not in scope, and why: reason, then shell-style patterns of their names.

Everything else is in scope and must pass.
"""

from __future__ import annotations

from collections.abc import Mapping

CONFIGURATION = "needs a bucket configuration that is not served: nothing here would act on it"
OBJECTS = "needs restoring, SELECT, symbolic links or keys of one's own, which are not served"
PROCESSING = "needs processing other than Concat jobs and media information, which is not served"
OTHER_SERVICE = "asks a service that is not here: live channels, vector buckets, asynchronous fetches"
FAULTS = "asks a host of Tencent's that fails on purpose"
SLOWNESS = "waits for an upload that x-cos-traffic-limit slows down; nothing is slowed down here"
OLD_SIGNATURE = "an older signature that the documents no longer describe"
MERGED_PATHS = "the service's merging of path segments, which no document describes"
NOT_COS = "asks an unused port of this machine"

Scope = Mapping[str, tuple[str, ...]]

PYTHON: Scope = {
    CONFIGURATION: (
        "test_put_get_bucket_object_lock",
        "test_put_get_delete_cors",
        "test_put_get_delete_replication",
        "test_put_get_delete_website",
        "test_put_get_bucket_logging",
        "test_put_get_delete_bucket_policy",
        "test_put_get_delete_bucket_domain*",
        "test_*bucket_inventory*",
        "test_put_get_delete_bucket_origin",
        "test_put_get_delete_bucket_referer",
        "test_*intelligenttiering*",
        "test_bucket_encryption",
    ),
    OBJECTS: ("test_select_object", "test_sse_c_file", "test_put_get_symlink_multiver"),
    PROCESSING: (
        "test_ci_[!gc]*",
        "test_ci_create_*",
        "test_ci_compress_image",
        "test_ci_get_[!m]*",
        "test_ci_get_media_[!q]*",
        "test_get_object_sensitive_content_recognition",
        "test_get_snapshot",
        "test_get_pm3u8",
        "test_get_*_aigc_metadata",
        "test_qrcode",
        "test_pic_process_*",
        "test_process_on_cloud",
        "test_meta_insight",
        "test_goods_matting",
        "test_cos_create_ai_*",
        "test_cos_ai_*",
        "test_cos_auto_translation_block",
        "test_cos_get_action_sequence",
        "test_cos_get_live_code",
        "test_cos_image_repair",
        "test_cos_liveness_recognition",
        "test_cos_*_image_search",
        "test_cos_get_search_image",
    ),
    OTHER_SERVICE: ("test_live_channel*", "test_cos_vectors*", "test_put_get_async_fetch_task"),
    FAULTS: ("test_network_failure", "test_cos_client_retry*"),
}
NODE: Scope = {
    CONFIGURATION: (
        "optionsObject() *",
        "BucketCors putBucketCors()*",
        "BucketPolicy putBucketPolicy(),*",
        "BucketPolicy putBucketPolicy() s3",
        "BucketWebsite putBucketWebsite(),*",
        "BucketWebsite putBucketWebsite() multi*",
        "BucketDomain putBucketDomain(),*",
        "BucketLogging putBucketLogging(), *",
        "BucketInventory putBucketInventory(), *",
        "BucketInventory putBucketInventory() 不设置 SSECOS",
        "BucketInventory listBucketInventory()",
        "getBucketAccelerate putBucketAccelerate(),*",
        "putBucketEncryption getBucketEncryption putBucketEncryption",
        "BucketReplication putBucketReplication();*",
        "BucketOrigin putBucketOrigin(),*",
        "BucketReferer putBucketReferer(),*",
    ),
    OBJECTS: ("selectObjectContent(),*", "restoreObject() restoreObject()"),
    PROCESSING: ("request *pic-operations()", "request request ImageInspect()"),
    FAULTS: ("retry *",),
    SLOWNESS: ("sliceUploadFile()  sliceUploadFile(),pauseTask(),restartTask()",),
    OLD_SIGNATURE: ("getAuth();getV4Auth() getV4Auth()",),
    MERGED_PATHS: (
        "downloadFile() 手动关闭合并 Key 校验 downloadFile() object The Getobject Key is illegal 1",
        "downloadFile() 手动关闭合并 Key 校验 downloadFile() object The Getobject Key is illegal 3",
    ),
    NOT_COS: ("getStream() 流式下载 ECONNREFUSED 错误 *",),
}
GO: Scope = {
    CONFIGURATION: (
        "TestPutGetDeleteCORS",
        "TestVersionAndReplication",
        "TestBucketInventory",
        "TestBucketLogging",
        "TestPutGetDeleteWebsite",
        "TestEncryption",
        "TestReferer",
        "TestAccelerate",
    ),
    OBJECTS: ("TestPutObjectRestore", "TestSSE_C"),
}
