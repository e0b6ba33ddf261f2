package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"strings"
	"text/template"
)

// The memory limit and the caches suit a machine that it shares with the other engines. The fsync settings make an
// acknowledged insert survive a crash of the machine, not only of the process; the insert batches are large, so it costs little.
// The small background pool needs the last three settings, whose defaults assume a larger one.
const configXML = `<clickhouse>
  <users_config>{{xml .Users}}</users_config>
  <user_files_path>{{xml .Data}}/user_files/</user_files_path>
  <backups><allowed_path>{{xml .Backups}}/</allowed_path></backups>
  <timezone>UTC</timezone>
  <max_server_memory_usage>{{.Memory}}</max_server_memory_usage>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <max_connections>256</max_connections>
  <max_concurrent_queries>100</max_concurrent_queries>
  <max_thread_pool_size>1000</max_thread_pool_size>
  <mark_cache_size>134217728</mark_cache_size>
  <index_mark_cache_size>33554432</index_mark_cache_size>
  <primary_index_cache_size>67108864</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <vector_similarity_index_cache_size>0</vector_similarity_index_cache_size>
  <text_index_tokens_cache_size>0</text_index_tokens_cache_size>
  <text_index_header_cache_size>0</text_index_header_cache_size>
  <text_index_postings_cache_size>0</text_index_postings_cache_size>
  <compiled_expression_cache_size>33554432</compiled_expression_cache_size>
  <background_pool_size>4</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`

// The listeners know only the users of this file. The user default is the session that hosts them: it has no
// password and must exist, so it may do nothing else. The user trunkline may do everything with databases, tables and
// queries, but has no right to read files or other hosts, or to make users. Inserts come in batches, so the server
// must not hold them back to gather more.
const usersXML = `<clickhouse>
  <profiles><default><async_insert>0</async_insert></default></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>
    <trunkline>
      <password_sha256_hex>{{.Password}}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, SHOW, dictGet, SYSTEM, KILL QUERY, BACKUP ON *.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
      </grants>
    </trunkline>
  </users>
</clickhouse>
`

// writeConfig writes config.xml and users.xml afresh at every start, so that a new version's settings take effect.
func (h *clickhouseHome) writeConfig() error {
	digest := sha256.Sum256([]byte(h.secret))
	values := map[string]any{
		"Users":    filepath.Join(h.dir, "users.xml"),
		"Data":     h.data(),
		"Backups":  h.backups(),
		"Memory":   h.opts.Memory,
		"Password": hex.EncodeToString(digest[:]),
	}
	for file, text := range map[string]string{"config.xml": configXML, "users.xml": usersXML} {
		if err := writeTemplate(filepath.Join(h.dir, file), text, values); err != nil {
			return err
		}
	}
	return nil
}

func writeTemplate(path, text string, values map[string]any) error {
	escape := func(v any) (string, error) {
		var b strings.Builder
		err := xml.EscapeText(&b, fmt.Append(nil, v))
		return b.String(), err
	}
	t, err := template.New(filepath.Base(path)).Funcs(template.FuncMap{"xml": escape}).Parse(text)
	if err != nil {
		return fmt.Errorf("template of %s: %w", path, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return fmt.Errorf("template of %s: %w", path, err)
	}
	return writeFile(path, out.String())
}
