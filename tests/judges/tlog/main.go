// Judges npki's ledger formats with the libraries of Go's checksum database, which npki's authors did not write.
//
// Reads one JSON object on standard input: what npki made. Answers with one on standard output: whether it is right, and
// what these libraries make of the same leaves and of a note of their own.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	// The entries of the largest tree.
	Entries []string `json:"entries"`
	// The same in base64, where they are no text; after the others.
	Binary [][]byte `json:"binary"`
	Trees   []struct {
		Size int64  `json:"size"`
		Root string `json:"root"`
	} `json:"trees"`
	Inclusions []struct {
		Size  int64    `json:"size"`
		Leaf  int64    `json:"leaf"`
		Proof []string `json:"proof"`
	} `json:"inclusions"`
	Consistencies []struct {
		Old   int64    `json:"old"`
		Size  int64    `json:"size"`
		Proof []string `json:"proof"`
	} `json:"consistencies"`
	// Tiles of the largest tree, by level and index.
	Tiles []struct {
		Level  int      `json:"level"`
		Index  int64    `json:"index"`
		Hashes []string `json:"hashes"`
	} `json:"tiles"`
	Notes []struct {
		Note string   `json:"note"`
		Keys []string `json:"keys"`
	} `json:"notes"`
	// What Go's own key is to sign.
	Text string `json:"text"`
}

type answer struct {
	// What is wrong, in words.
	Complaints []string `json:"complaints"`
	// For each note the names of the keys whose signatures are right; null where the note is refused.
	Signers [][]string `json:"signers"`
	// A note signed here, and the key to verify it with.
	Note string `json:"note"`
	Key  string `json:"key"`
}

// stored holds the hashes of a tree in the order of tlog.StoredHashIndex.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

func grow(entries []string) (stored, error) {
	var s stored
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), []byte(entry), s)
		if err != nil {
			return nil, err
		}
		s = append(s, hashes...)
	}
	return s, nil
}

// cosigner verifies c2sp.org/tlog-cosignature, Ed25519.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

// verifier reads a verifier key: those of type 1 with the library.
func verifier(text string) (note.Verifier, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(material) != 33 || material[0] != 4 {
		return note.NewVerifier(text)
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil || len(id) != 4 {
		return nil, errors.New("not a key identifier")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(id), material[1:]}, nil
}

func signers(text string, keys []string) ([]string, error) {
	var known []note.Verifier
	for _, key := range keys {
		v, err := verifier(key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		known = append(known, v)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(known...))
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, sig := range opened.Sigs {
		names = append(names, sig.Name)
	}
	return names, nil
}

func parse(texts []string) []tlog.Hash {
	hashes := []tlog.Hash{}
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			log.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func judgeTrees(q question, s stored) (complaints []string) {
	complain := func(format string, about ...interface{}) {
		complaints = append(complaints, fmt.Sprintf(format, about...))
	}
	root := func(size int64) tlog.Hash {
		hash, err := tlog.TreeHash(size, s)
		if err != nil {
			log.Fatal(err)
		}
		return hash
	}
	for _, tree := range q.Trees {
		if root(tree.Size).String() != tree.Root {
			complain("root at %d", tree.Size)
		}
	}
	for _, p := range q.Inclusions {
		leaf := tlog.RecordHash([]byte(q.Entries[p.Leaf]))
		if err := tlog.CheckRecord(parse(p.Proof), p.Size, root(p.Size), p.Leaf, leaf); err != nil {
			complain("leaf %d of %d: %v", p.Leaf, p.Size, err)
		}
		own, err := tlog.ProveRecord(p.Size, p.Leaf, s)
		if err != nil || fmt.Sprint([]tlog.Hash(own)) != fmt.Sprint(parse(p.Proof)) {
			complain("leaf %d of %d: another proof (%v)", p.Leaf, p.Size, err)
		}
	}
	for _, p := range q.Consistencies {
		if err := tlog.CheckTree(parse(p.Proof), p.Size, root(p.Size), p.Old, root(p.Old)); err != nil {
			complain("%d to %d: %v", p.Old, p.Size, err)
		}
	}
	for _, tile := range q.Tiles {
		place := tlog.Tile{H: 8, L: tile.Level, N: tile.Index, W: len(tile.Hashes)}
		own, err := tlog.ReadTileData(place, s)
		var ours []byte
		for _, hash := range parse(tile.Hashes) {
			ours = append(ours, hash[:]...)
		}
		if err != nil || !bytes.Equal(own, ours) {
			complain("tile %s (%v)", place.Path(), err)
		}
	}
	return complaints
}

func main() {
	var q question
	if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
		log.Fatal(err)
	}
	for _, entry := range q.Binary {
		q.Entries = append(q.Entries, string(entry))
	}
	s, err := grow(q.Entries)
	if err != nil {
		log.Fatal(err)
	}
	a := answer{Complaints: judgeTrees(q, s)}
	for _, n := range q.Notes {
		names, err := signers(n.Note, n.Keys)
		if err != nil {
			log.Print(err)
		}
		a.Signers = append(a.Signers, names)
	}
	secret, public, err := note.GenerateKey(nil, "example.org/go")
	if err != nil {
		log.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: q.Text}, signer)
	if err != nil {
		log.Fatal(err)
	}
	a.Note, a.Key = string(signed), public
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		log.Fatal(err)
	}
}
