// A session of cos-nodejs-sdk-v5 as its manual shows it: everything by its defaults, so over https.
//
// Prints a line for each step that held, and stops at the first that did not. Arguments: the files of a recording in two
// parts. The module is found by NODE_PATH.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const COS = require('cos-nodejs-sdk-v5');

const Bucket = process.env.COS_BUCKET;
const Region = process.env.COS_REGION;
const AppId = Bucket.split('-').pop();
const Second = `second-${AppId}`;
const MB = 1 << 20;
const folder = '讲座/第一周 a+b%/';
const files = process.argv.slice(2);
const here = { Bucket, Region };

const cos = new COS({
  SecretId: process.env.COS_SECRET_ID,
  SecretKey: process.env.COS_SECRET_KEY,
  ChunkSize: 2 * MB,
});

async function until(condition, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'it took too long');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const exists = (Key) =>
  cos.headObject({ ...here, Key }).then(
    () => true,
    (error) => {
      assert.strictEqual(error.statusCode, 404);
      return false;
    }
  );

const ci = (Method, Key, body) =>
  cos.request({
    ...here,
    Method,
    Key,
    Url: `https://${Bucket}.ci.${Region}.myqcloud.com/${Key}`,
    ...(body ? { Body: body, ContentType: 'application/xml' } : {}),
  });

const steps = {
  async create() {
    await cos.putBucket({ Bucket: Second, Region, ACL: 'private' });
    const { Buckets } = await cos.getService();
    assert.ok(Buckets.some((each) => each.Name === Second));
  },
  async put() {
    await cos.putObject({
      ...here,
      Key: folder + '一.txt',
      Body: '内容',
      ContentDisposition: 'attachment; filename=one.txt',
      'x-cos-meta-name': encodeURIComponent('讲座'),
    });
  },
  async multipart() {
    const body = crypto.randomBytes(21 * MB + 7);
    fs.writeFileSync('large.bin', body);
    await cos.sliceUploadFile({ ...here, Key: folder + 'large.bin', FilePath: 'large.bin' });
    const { Body } = await cos.getObject({ ...here, Key: folder + 'large.bin' });
    assert.ok(body.equals(Body));
  },
  async list_pages() {
    for (let number = 0; number < 7; number += 1) {
      await cos.putObject({ ...here, Key: `${folder}页/${number}`, Body: 'x' });
    }
    const found = [];
    let page = { IsTruncated: 'true', NextMarker: '' };
    while (page.IsTruncated === 'true') {
      page = await cos.getBucket({ ...here, Prefix: folder, MaxKeys: 3, Marker: page.NextMarker });
      found.push(...page.Contents.map((each) => each.Key));
    }
    assert.strictEqual(found.length, 9);
    const folders = await cos.getBucket({ ...here, Prefix: '讲座/', Delimiter: '/' });
    assert.deepStrictEqual(folders.CommonPrefixes.map((each) => each.Prefix), [folder]);
  },
  async head() {
    const { headers } = await cos.headObject({ ...here, Key: folder + '一.txt' });
    assert.strictEqual(headers['content-length'], '6');
    assert.strictEqual(headers['x-cos-meta-name'], encodeURIComponent('讲座'));
  },
  async byte_range() {
    const { Body, statusCode } = await cos.getObject({ ...here, Key: folder + 'large.bin', Range: `bytes=${21 * MB}-` });
    assert.strictEqual(statusCode, 206);
    assert.ok(fs.readFileSync('large.bin').subarray(-7).equals(Body));
  },
  async tag() {
    const Key = folder + '一.txt';
    const Tags = [{ Key: '类别', Value: '讲座' }];
    await cos.putObjectTagging({ ...here, Key, Tags });
    assert.deepStrictEqual((await cos.getObjectTagging({ ...here, Key })).Tags, Tags);
    assert.strictEqual((await cos.headObject({ ...here, Key })).headers['x-cos-tagging-count'], '1');
    await cos.deleteObjectTagging({ ...here, Key });
  },
  async copy() {
    const source = (Key) => `${Bucket}.cos.${Region}.myqcloud.com/${encodeURIComponent(Key).replace(/%2F/g, '/')}`;
    await cos.putObjectCopy({ ...here, Key: folder + '二.txt', CopySource: source(folder + '一.txt') });
    await cos.sliceCopyFile({
      Bucket: Second,
      Region,
      Key: '拷贝.bin',
      CopySource: source(folder + 'large.bin'),
      CopySliceSize: 5 * MB,
      CopyChunkSize: 5 * MB,
    });
    const { headers } = await cos.headObject({ Bucket: Second, Region, Key: '拷贝.bin' });
    assert.strictEqual(headers['content-length'], String(21 * MB + 7));
  },
  async delete() {
    await cos.deleteObject({ ...here, Key: folder + '二.txt' });
    const Objects = [0, 1, 2, 3, 4, 5, 6].map((number) => ({ Key: `${folder}页/${number}` }));
    await cos.deleteMultipleObject({ ...here, Objects });
    assert.ok(!(await exists(folder + '二.txt')));
    assert.strictEqual((await cos.getBucket({ ...here, Prefix: folder })).Contents.length, 2);
  },
  async versions() {
    const there = { Bucket: Second, Region };
    await cos.putBucketVersioning({ ...there, VersioningConfiguration: { Status: 'Enabled' } });
    const first = await cos.putObject({ ...there, Key: '版本', Body: 'one' });
    await cos.putObject({ ...there, Key: '版本', Body: 'two' });
    await cos.deleteObject({ ...there, Key: '版本' });
    const page = await cos.listObjectVersions({ ...there, Prefix: '版本' });
    assert.deepStrictEqual([page.Versions.length, page.DeleteMarkers.length], [2, 1]);
    const { Body } = await cos.getObject({ ...there, Key: '版本', VersionId: first.headers['x-cos-version-id'] });
    assert.strictEqual(Body.toString(), 'one');
  },
  async acl() {
    await cos.putBucketAcl({ ...here, ACL: 'private' });
    await cos.putObjectAcl({ ...here, Key: folder + '一.txt', ACL: 'public-read' });
    assert.strictEqual((await cos.getObjectAcl({ ...here, Key: folder + '一.txt' })).ACL, 'public-read');
    assert.strictEqual((await cos.getBucketAcl(here)).ACL, 'private');
  },
  async presigned() {
    const Url = cos.getObjectUrl({ ...here, Key: folder + '一.txt', Sign: true, Query: { a: '1' } });
    assert.ok(Url.startsWith('https://'));
    const { Body } = await cos.request({ Method: 'GET', Url: Url, Key: folder + '一.txt', RawBody: true });
    assert.strictEqual(Body.toString(), '内容');
  },
  async refusal() {
    const policy = { version: '2.0', Statement: [] };
    await assert.rejects(cos.putBucketPolicy({ ...here, Policy: policy }), (error) => error.statusCode === 501);
  },
  async concat_job() {
    for (const [at, file] of files.entries()) {
      await cos.uploadFile({ ...here, Key: `手动/${at + 1}.mp4`, FilePath: file });
    }
    const urls = files.map((_, at) => `https://${Bucket}.cos.${Region}.myqcloud.com/手动/${at + 1}.mp4`);
    const body = `<Request><Tag>Concat</Tag><Operation><ConcatTemplate>${urls
      .map((url) => `<ConcatFragment><Url>${url}</Url></ConcatFragment>`)
      .join('')}<Container><Format>mp4</Format></Container></ConcatTemplate><Output><Region>${Region}</Region><Bucket>${Bucket}</Bucket><Object>手动/全部.mp4</Object></Output></Operation></Request>`;
    const made = await ci('POST', 'jobs', body);
    const { JobId } = made.Response.JobsDetail;
    await until(async () => (await ci('GET', `jobs/${JobId}`)).Response.JobsDetail.State === 'Success');
    assert.ok(await exists('手动/全部.mp4'));
  },
  async story() {
    for (const [at, file] of files.entries()) {
      await cos.uploadFile({ ...here, Key: `fragments/讲座 a+b.part${at + 1}-of-2.mp4`, FilePath: file, SliceSize: 1 });
    }
    await until(() => exists('output/讲座 a+b.mp4'));
    await until(async () => (await cos.getBucket({ ...here, Prefix: 'fragments/' })).Contents.length === 0);
    const { Tags } = await cos.getObjectTagging({ ...here, Key: 'output/讲座 a+b.mp4' });
    assert.strictEqual(Tags.find((each) => each.Key === 'concat-fragments').Value, '2');
  },
};

(async () => {
  for (const [name, step] of Object.entries(steps)) {
    await step();
    console.log('held:', name);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
