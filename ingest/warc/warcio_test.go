package warc_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/warc"
)

// readAllScript prints type, URI, length of the block as warcio sees it, and
// the digests that do not match.
const readAllScript = `
import { WARCParser } from "warcio";
import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
for await (const record of new WARCParser(createReadStream(process.argv[2]), {parseHttp: false})) {
  const block = await record.readFully(false);
  const digest = "sha256:" + createHash("sha256").update(block).digest("hex");
  const declared = record.warcHeader("WARC-Block-Digest") ?? digest;
  console.log(record.warcType, record.warcTargetURI ?? "-", block.length, declared === digest ? "ok" : "wrong digest");
}`

// writeScript writes a gzipped file of two records with warcio.
const writeScript = `
import { WARCRecord, WARCSerializer } from "warcio";
import { createWriteStream } from "node:fs";
const out = createWriteStream(process.argv[2]);
const info = WARCRecord.createWARCInfo({filename: "x.warc.gz", warcVersion: "WARC/1.1"}, {software: "warcio"});
out.write(await WARCSerializer.serialize(info, {gzip: true}));
async function* body() { yield new TextEncoder().encode("<p>百家乐</p>"); }
const response = WARCRecord.create({url: "http://a.example/", date: "2026-11-25T08:30:01Z", type: "response", warcVersion: "WARC/1.1",
  httpHeaders: {"Content-Type": "text/html; charset=utf-8"}}, body());
out.end(await WARCSerializer.serialize(response, {gzip: true}));`

// TestWarcio compares writer and reader with npm's warcio, if QIANSHAO_WARCIO
// names a folder with it in node_modules.
func TestWarcio(t *testing.T) {
	folder := os.Getenv("QIANSHAO_WARCIO")
	if folder == "" {
		t.Skip("QIANSHAO_WARCIO names no folder with npm's warcio in node_modules; .ci/run sets it")
	}
	t.Run("reads our files", func(t *testing.T) {
		var file bytes.Buffer
		w := warc.NewWriter(&file)
		var want []string
		for _, d := range drafts(t) {
			if _, err := w.Write(d); err != nil {
				t.Fatal(err)
			}
			uri := escaped(d.TargetURI)
			if uri == "" {
				uri = "-"
			}
			want = append(want, strings.Join([]string{d.Type, uri, strconv.Itoa(len(d.Header) + len(d.Body)), "ok"}, " "))
		}
		path := filepath.Join(t.TempDir(), "ours.warc.gz")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSpace(node(t, folder, readAllScript, path)), "\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("warcio reads something else (-ours +warcio):\n%s", diff)
		}
	})
	t.Run("its files are read", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "theirs.warc.gz")
		node(t, folder, writeScript, path)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(bytes.NewReader(file))
		if err != nil || len(got) != 2 {
			t.Fatalf("%d records, %v", len(got), err)
		}
		want := told{Offset: got[1].Offset, Type: "response", URI: "http://a.example/", Status: 200, Body: "<p>百家乐</p>"}
		if diff := cmp.Diff(want, got[1]); diff != "" || got[1].Offset == 0 || got[0].Type != "warcinfo" {
			t.Errorf("first is %s; second (-want +got):\n%s", got[0].Type, diff)
		}
	})
}

// node runs a module script beside node_modules and returns what it prints.
func node(t *testing.T, folder, script string, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script.mjs")
	if err := os.WriteFile(name, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	// Node looks for modules beside the script.
	if err := os.Symlink(filepath.Join(folder, "node_modules"), filepath.Join(filepath.Dir(name), "node_modules")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", append([]string{name}, args...)...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, errOut.String())
	}
	return out.String()
}
