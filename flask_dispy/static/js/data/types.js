/**
 * The shapes of the JSON that the server sends (docs/api.md), for the type checker only:
 * nothing loads this module in a browser.
 *
 * Times are seconds since the epoch, durations seconds, sizes bytes.
 *
 * @typedef {"queued"|"running"|"finished"|"terminated"|"cancelled"|"abandoned"} JobState
 * @typedef {"up"|"silent"|"lost"|"closed"} NodeState
 * @typedef {"connecting"|"live"|"polling"|"paused"|"retrying"|"stale"} Connection
 *
 * @typedef {object} Permissions
 * @property {boolean} view
 * @property {boolean} see_arguments
 * @property {boolean} cancel_jobs
 * @property {boolean} rerun_jobs
 * @property {boolean} manage_nodes
 * @property {boolean} change_settings
 *
 * @typedef {object} Config what the server wrote into the page
 * @property {string} api base of the JSON API, relative to the page
 * @property {string} cluster the chosen cluster; "*" for all of them combined
 * @property {string[]} clusters real clusters, in the order they were added
 * @property {boolean} [runs] whether there is a history, with a table of runs
 * @property {boolean} [past] whether past runs of a history are shown
 * @property {number} poll_sec seconds between updates; 0 or less: none
 * @property {boolean} show_job_args
 * @property {Permissions} permissions
 * @property {string|null} user the name that the browser logged in with, one of the server's own users
 * @property {string|null} csrf_token
 * @property {string} version
 * @property {{poll_sec: number, query_letters: number, serials: number}} limits the most that the server accepts
 * @property {ServedField[]} node_fields the fields of nodes that have a column
 * @property {ServedField[]} job_fields those of jobs
 *
 * @typedef {object} ServedField
 * @property {string} name
 * @property {string} [within] the field that it is a part of
 * @property {string} label
 * @property {string} hint
 * @property {string} unit "", bytes, seconds, percent, time (since the epoch), or a custom column's own
 * @property {string} type of its JSON; "any" for several
 * @property {boolean} [sortable] lists can be sorted by its name
 * @property {boolean} custom whether the watched program declared it
 *
 * @typedef {object} Health of /healthz, what pages show of it
 * @property {{webhooks: WebhookHealth[], callbacks: {registered: number, called: number, failed: number, dropped: number}}} [alerts]
 *
 * @typedef {object} WebhookHealth
 * @property {string} name
 * @property {string} service
 * @property {number} delivered
 * @property {number} failed
 * @property {number} dropped
 * @property {number} waiting
 * @property {number} gathered
 * @property {number|null} delivered_at
 * @property {string|null} error why the last message did not arrive
 *
 * @typedef {object} JobCounts
 * @property {number} submitted
 * @property {number} queued
 * @property {number} running
 * @property {number} finished
 * @property {number} terminated dispy's: those that failed and those that somebody ended
 * @property {number} failed of those, the ones that raised or whose process died
 * @property {number} cancelled
 * @property {number} abandoned
 * @property {number} done
 * @property {number} pending
 * @property {number} before_watching
 *
 * @typedef {object} Outlook how a cluster's jobs are getting on (docs/api.md, Outlook)
 * @property {"done"|"going"|"waiting"|"stalled"} state
 * @property {string} reason
 * @property {string} message
 * @property {string} cluster the cluster that it describes
 * @property {number|null} since
 * @property {number|null} eta_sec
 * @property {number|null} eta_early_sec
 * @property {number|null} eta_late_sec
 * @property {number} bound queued jobs that are bound to a node that is gone
 * @property {{jobs: number|null, nodes: number|null, oldest_sec: number|null, usual_sec: number|null, over_sec: number|null}} stuck
 *
 * @typedef {object} WhatIfAnswer when all would be done with other CPUs
 * @property {number|null} eta_sec
 * @property {number|null} eta_early_sec
 * @property {number|null} eta_late_sec
 * @property {"none"|"low"|"good"} eta_confidence
 * @property {number} cpus_now
 * @property {number|null} cpus
 * @property {number|null} cpus_sure
 * @property {{eta_sec: number|null, eta_early_sec: number|null, eta_late_sec: number|null, eta_confidence: "none"|"low"|"good"}} now
 * @property {string} message
 *
 * @typedef {object} Cost what became of the nodes' CPU time; money is null without a price
 * @property {number} offered_sec
 * @property {number} used_sec
 * @property {number} idle_sec offered and not used
 * @property {number} lost_sec used by failed jobs and abandoned attempts
 * @property {number|null} money
 * @property {number|null} money_per_hour
 * @property {number|null} end_money null while the end is unknown
 * @property {number|null} end_early_money
 * @property {number|null} end_late_money
 *
 * @typedef {object} Summary of one cluster, or of all combined
 * @property {string} name
 * @property {"open"|"closed"} state
 * @property {boolean} [combined]
 * @property {string} [kind]
 * @property {JobCounts} jobs
 * @property {number} [job_changes] grows with whatever changes a row of a job
 * @property {{total: number, busy: number}} cpus
 * @property {{known: number, up: number, silent: number, lost: number, closed: number}} nodes
 * @property {number} jobs_per_sec
 * @property {number} cpu_time_sec
 * @property {Cost} [cost]
 * @property {number|null} progress 0 to 1
 * @property {Outlook} [outlook]
 * @property {number|null} eta_sec
 * @property {"none"|"low"|"good"} [eta_confidence]
 * @property {number} started_at
 * @property {number|null} [closed_at]
 * @property {boolean} [cut_off] of a past run: its program ended without closing it
 * @property {{jobs: number, of: number}} [unreadable] of a past run: how many of its jobs can't be read, and how many there are
 * @property {{failed: number, abandoned: number, silent: number, lost: number, stragglers: number, slow?: number, failing?: number, clocks_off?: number, offers?: number}} [attention]
 * @property {{latest: number}} [events] serial number of the newest event
 * @property {{waiting: number, overdue: number, changes: number}} [offers] nodes that were asked to join and have not
 * @property {"callback"|"polling"|"history"|"removed"} [watching]
 * @property {number} [now]
 * @property {number} [dropped_events]
 * @property {string | null} [trouble] what is wrong with the cluster as a whole
 * @property {boolean} [rerun] whether its jobs can be run again
 * @property {{retained: number, limit: number, evicted: number}} [history]
 * @property {number|null} [job_p95_sec]
 *
 * @typedef {object} OfferReason
 * @property {string} code
 * @property {string} text
 * @property {"here"|"node"|"output"} where to run the command, or to look for its text
 * @property {string} command
 *
 * @typedef {object} Offer a node that was asked to join and has not
 * @property {number} number
 * @property {string} cluster
 * @property {string} host as given
 * @property {string} ip_addr its address, or a pattern with a *
 * @property {number|null} port
 * @property {number} cpus
 * @property {"program"|"command"} source
 * @property {string|null} asked_by
 * @property {number} asked_at
 * @property {boolean} overdue
 * @property {"unknown"|"pattern"|"refused_connection"|"no_answer"|"unreachable"|"listening"|"being_set_up"|"not_set_up"} finding
 * @property {string} message
 * @property {OfferReason[]} reasons the likeliest first
 *
 * @typedef {object} AvailInfo what is available on a node: percent for cpu and swap, else bytes
 * @property {number} cpu
 * @property {number} memory
 * @property {number} disk
 * @property {number} swap
 *
 * @typedef {object} Compared how a node's jobs did beside those of the other nodes, over the whole run
 * @property {number} failed
 * @property {number|null} failed_share of the jobs that finished or failed
 * @property {number|null} median_sec of those that finished
 * @property {number|null} p95_sec
 * @property {number|null} times_others its median over the others', for the same functions
 * @property {number} lost_sec CPU time of failed and abandoned jobs
 * @property {boolean} slow beyond chance
 * @property {boolean} failing beyond chance
 *
 * @typedef {object} NodeCost what became of a node's CPU time, up to its last change
 * @property {number} used_sec
 * @property {number} idle_sec offered and not used
 * @property {number|null} money null without a price
 *
 * @typedef {object} NodeRow
 * @property {string} ip_addr
 * @property {string} name
 * @property {number} cpus CPUs that dispy may use
 * @property {number} avail_cpus CPUs that the node offers
 * @property {number} busy
 * @property {number} running jobs known to run there
 * @property {number} jobs_done
 * @property {number} cpu_time
 * @property {number} tx
 * @property {number} rx
 * @property {number} update_time
 * @property {AvailInfo|null} avail_info
 * @property {Compared|null} [compared] null until a job has ended there
 * @property {NodeCost|null} [cost] null for a past run that did not measure it
 * @property {NodeState} state
 * @property {number|null} [avail_info_age_sec] how much older avail_info is than update_time
 * @property {number|null} [clock_offset_sec] how far its clock is ahead; null if under two seconds or unknown
 * @property {string[]} [clusters] in the combined view
 */

/**
 * @typedef {Record<string, any> & {ip_addr: string[]}} NodeBlock nodes by column; see nodeblocks.js
 *
 * @typedef {{ip_addr: string, removed: true}} RemovedNode
 *
 * @typedef {object} NodeLoad how busy a node was, in percent of its CPUs
 * @property {string} ip_addr
 * @property {string} name
 * @property {(number|null)[]} busy
 *
 * @typedef {object} NodeLoads how busy the nodes were: a line for each of a few nodes, else bands
 * @property {number[]} t
 * @property {NodeLoad[]} nodes
 * @property {number[]} least
 * @property {number[]} low
 * @property {number[]} median
 * @property {number[]} high
 * @property {number[]} most
 * @property {"not_kept"|"several_runs"|null} unavailable why a past run has nothing
 *
 * @typedef {object} Changes what happened since a cursor
 * @property {string} cursor
 * @property {boolean} snapshot true: replace what you have
 * @property {number} now
 * @property {Summary[]} clusters
 * @property {(NodeRow|RemovedNode)[]} nodes
 * @property {NodeBlock[]} [blocks] of a snapshot, in place of `nodes`
 *
 * @typedef {"text_limit"|"history_bytes"} TextSetting
 *
 * @typedef {object} JobRow
 * @property {number} serial
 * @property {string} id
 * @property {string} cluster
 * @property {JobState} state
 * @property {boolean} failed it raised, or its process died
 * @property {string|null} node
 * @property {string|null} args
 * @property {string|null} kwargs
 * @property {number} submitted_at
 * @property {number|null} started_at
 * @property {number|null} ended_at
 * @property {number|null} duration_sec
 * @property {number} waited_sec
 * @property {number} attempts
 * @property {string|null} error last line of the traceback
 * @property {string|null} error_kind id of the kind of error that it failed with
 * @property {number|null} rerun_of serial number of the job that was run again and so made this one
 * @property {number|null} rerun_as serial number of the newest job that was made by running this one again
 * @property {number} reruns how many times it was run again
 * @property {null|Record<string, TextSetting>} texts_cut which of its texts are not kept whole, and why
 * @property {true} [hidden] whether its arguments, and perhaps its output, are hidden from this client
 *
 * @typedef {object} ComparedTime a job's time beside the medians of finished jobs, null of fewer than five
 * @property {number|null} median_sec
 * @property {number|null} times
 * @property {number|null} node_median_sec
 * @property {number|null} node_times
 *
 * @typedef {{function: string, ran: ComparedTime, waited: ComparedTime}} ComparedJob
 *
 * @typedef {{value: string, label: string|null, jobs: number, failed: number}} FacetValue
 * @typedef {{qualifier: string, items: FacetValue[], other: {values: number, jobs: number, failed: number}}} JobFacet
 * @typedef {{total: number, facets: JobFacet[]}} JobFacets what the jobs of a search have in common
 *
 * @typedef {object} ErrorKind failures of one function, type and message but for its values
 * @property {string} id
 * @property {string} function
 * @property {string[]} clusters
 * @property {string} type of the exception, "process died", or empty
 * @property {string|null} message null for a client that may not see it
 * @property {number} count
 * @property {number|null} share of the function's jobs that ended
 * @property {boolean} new
 * @property {number} first_at
 * @property {number} last_at
 * @property {{ip_addr: string, count: number}[]} nodes the ones with the most failures
 * @property {number} nodes_total
 * @property {{start_at: number, step_sec: number, counts: number[]}} course
 * @property {string|null} sample
 * @property {boolean} sample_truncated
 * @property {number[]} serials of the latest jobs
 *
 * @typedef {{total: number, items: ErrorKind[], next: string|null, failed: number, other: number}} ErrorKinds
 *
 * @typedef {"node_joined"|"node_silent"|"node_heard"|"node_lost"|"node_closed"|"node_deallocated"|"node_asked"|"node_withdrawn"|"node_overdue"|"cpus_set"|"jobs_cancelled"|"jobs_rerun"|"error_kind"|"failing"|"recovered"|"stalled"|"going"|"done"|"cluster_closed"|"settings_changed"|"history_failing"|"history_resumed"} EventKind
 *
 * @typedef {object} Event something that happened
 * @property {number} serial grows with each
 * @property {number} at
 * @property {EventKind} kind
 * @property {string|null} cluster null if it concerns all
 * @property {string} text
 * @property {string|null} node its address
 * @property {string} name of the node
 * @property {"command"|"program"|null} source who caused it, as far as is known
 * @property {string|null} by the user who gave the command
 * @property {number|null} cpus
 * @property {number|null} cpus_before
 * @property {number|null} jobs
 * @property {number|null} failed
 * @property {number|null} job serial number, if it concerns a single job
 * @property {string|null} error_kind
 * @property {string|null} type of the exception
 * @property {string|null} message null for a client that may not see it
 *
 * @typedef {object} Events the newest first
 * @property {number} total
 * @property {Event[]} items
 * @property {string|null} next
 * @property {number|null} next_before
 * @property {number} latest
 * @property {Record<string, {happened: number, kept: number}>} counts
 * @typedef {object} RunRow a run of the history
 * @property {number} id
 * @property {string} name
 * @property {string[]} tags
 * @property {string|null} cluster the name that its pages are under
 * @property {boolean} live
 * @property {boolean} complete
 * @property {number} started_at
 * @property {number} ended_at
 * @property {number} duration_sec
 * @property {number} jobs
 * @property {number} failed
 * @property {number|null} median_sec
 * @property {number|null} p95_sec
 * @property {number|null} cpu_time_sec
 * @property {{start_at: number, step_sec: number, counts: number[]}|null} course
 *
 * @typedef {object} RunSide
 * @property {number} jobs
 * @property {number|null} median_sec
 * @property {number|null} p95_sec
 * @property {number|null} failed
 * @property {number|null} share
 *
 * @typedef {object} RunChange how one run differs from another
 * @property {"ran"|"waited"|"failed"} what
 * @property {"function"|"error_kind"|"node"} of
 * @property {string} name
 * @property {string|null} detail
 * @property {RunSide} a
 * @property {RunSide} b
 * @property {number|null} times
 * @property {"worse"|"same"|"better"} verdict
 * @property {boolean} sure
 * @property {number} chance
 *
 * @typedef {object} RunComparison
 * @property {RunRow} a
 * @property {RunRow} b
 * @property {number} total
 * @property {RunChange[]} items
 * @property {string|null} next
 * @property {string[]} nodes_only_a
 * @property {string[]} nodes_only_b
 *
 * @typedef {NodeRow & {running_jobs: JobRow[], recent_jobs: JobRow[], running_total: number, recent_total: number, events: NodeEvent[]}} NodeDetail
 *
 * @typedef {{at: number, event: "joined"|"silent"|"heard"|"lost"|"closed"|"deallocated", cluster: string}} NodeEvent
 *
 * @typedef {object} NodeSeries
 * @property {string} ip_addr
 * @property {number} resolution_sec
 * @property {number[]} t
 * @property {(number|null)[]} cpu_avail
 * @property {(number|null)[]} memory_avail_bytes
 * @property {(number|null)[]} swap_avail
 * @property {(number|null)[]} disk_avail_bytes
 * @property {(number|null)[]} running
 * @property {"not_kept"|"several_runs"|null} unavailable
 *
 * @typedef {object} ClusterSeries sample i covers [from + i * resolution_sec, ... + resolution_sec)
 * @property {number} resolution_sec
 * @property {number} from
 * @property {Record<string, (number|null)[]>} columns
 *
 * @typedef {object} Spread durations in adjacent buckets
 * @property {number} jobs
 * @property {number|null} median_sec
 * @property {number|null} p95_sec
 * @property {number|null} longest_sec
 * @property {number[]} edges_sec one more than buckets
 * @property {Record<string, number[]>} counts of each bucket, by how the jobs ended
 *
 * @typedef {object} FunctionTimes
 * @property {string} cluster
 * @property {number} jobs
 * @property {number|null} median_sec
 * @property {number|null} p95_sec
 * @property {number|null} longest_sec
 * @property {number|null} waited_median_sec
 * @property {number|null} waited_p95_sec
 * @property {number|null} waited_longest_sec
 *
 * @typedef {{node: string|null, state: string[], ran: Spread, waited: Spread, functions: FunctionTimes[]}} Durations
 *
 * @typedef {object} Outcome of a command, for one cluster, node or job
 * @property {string} cluster
 * @property {boolean} ok
 * @property {string} code
 * @property {string} message
 * @property {number} [serial]
 * @property {string} [id] of the job
 * @property {string} [ip_addr]
 * @property {number} [cpus]
 * @property {number} [rerun_as] serial number of the job that was made by running it again
 */

export {};
